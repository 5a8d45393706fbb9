-- What a database holds that is asked to be, or to become, the catalog. A login sees the tables on which it has some right: the
-- owner and whoever administers the database see all of them.
SELECT CAST(COALESCE(MAX(CASE WHEN t.[name] = N'schema_version' THEN 1 END), 0) AS bit) AS [hasSchema],
  CAST(COALESCE(MAX(CASE WHEN t.[name] = N'shard_map' THEN 1 END), 0) AS bit) AS [isCatalog],
  CAST(COALESCE(MAX(CASE WHEN t.[name] = N'shard_identity' THEN 1 END), 0) AS bit) AS [isShard],
  -- What a table runs when it is read, a function of a computed column, changes nothing for anybody.
  CAST(1 AS bit) AS [isAdmins]
FROM sys.tables AS t
WHERE t.[schema_id] = SCHEMA_ID(N'tenantry');
