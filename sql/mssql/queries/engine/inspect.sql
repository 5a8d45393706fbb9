-- Who this database says it is: no row where it has no schema of Tenantry. A copy that only reads has no incarnation.
SELECT i.[shard_id] AS [shardId], v.[version] AS [schemaVersion],
  CASE CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(20)) WHEN N'READ_WRITE' THEN (
    SELECT LOWER(CAST(r.[recovery_fork_guid] AS nvarchar(36)))
    FROM sys.database_recovery_status AS r
    WHERE r.[database_id] = DB_ID()
  ) END AS [incarnation],
  CAST(CASE [tenantry].[context_protection]() WHEN N'guarded' THEN 1 ELSE 0 END AS bit) AS [isGuarded]
FROM [tenantry].[schema_version] AS v
LEFT JOIN [tenantry].[shard_identity] AS i ON i.[shard_id] IS NOT NULL;
