SELECT CAST(CASE WHEN OBJECT_ID(N'tenantry.shard_identity', N'U') IS NULL THEN 0 ELSE 1 END AS bit) AS [installed];
