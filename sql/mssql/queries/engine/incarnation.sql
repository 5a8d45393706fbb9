-- Which database this is: the fork of its log on which it writes; one restored to an earlier point writes on a new one. Fails on a
-- copy that only reads, which can own no tenant, and where the login may not see its database's row (VIEW ANY DATABASE).
IF CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(20)) <> N'READ_WRITE' THROW 51013, N'DATABASE_READ_ONLY', 1;
IF NOT EXISTS (SELECT 1 FROM sys.database_recovery_status AS r WHERE r.[database_id] = DB_ID() AND r.[recovery_fork_guid] IS NOT NULL)
  THROW 51013, N'NO_INCARNATION', 1;
SELECT LOWER(CAST(r.[recovery_fork_guid] AS nvarchar(36))) AS [incarnation]
FROM sys.database_recovery_status AS r
WHERE r.[database_id] = DB_ID();
