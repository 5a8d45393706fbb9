-- Who this database says it is: no row where it has no schema of Tenantry. A copy that only reads has no incarnation, which is read as
-- by engine/incarnation. READUNCOMMITTED waits for nobody: app reads these two tables, and so a tenant's statement could lock them
-- (TABLOCKX) and, without row versions, keep every new connection waiting, until the shard were taken for dead. Both rows are written
-- where no tenant is yet, or none any more.
DECLARE @incarnation nvarchar(200);
IF CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(20)) = N'READ_WRITE'
BEGIN
  IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5
    SELECT @incarnation = N'azure/' + LOWER(d.[physical_database_name]) FROM sys.databases AS d WHERE d.[name] = DB_NAME();
  ELSE
    SELECT @incarnation = LOWER(CAST(r.[recovery_fork_guid] AS nvarchar(36))) FROM sys.database_recovery_status AS r WHERE r.[database_id] = DB_ID();
END;
SELECT i.[shard_id] AS [shardId], v.[version] AS [schemaVersion], @incarnation AS [incarnation],
  [tenantry].[context_protection]() AS [contextProtection]
FROM [tenantry].[schema_version] AS v WITH (READUNCOMMITTED)
LEFT JOIN [tenantry].[shard_identity] AS i WITH (READUNCOMMITTED) ON i.[shard_id] IS NOT NULL;
