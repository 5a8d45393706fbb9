-- Which database this is: one that is restored has another (docs/decisions/014-incarnation-on-sql-server.md). Azure SQL Database (5)
-- lacks the view of the others; there the row is found by its name, because DB_ID() is of another numbering. Fails on a copy that only
-- reads, which can own no tenant, and where the login may not see its database's row (VIEW ANY DATABASE).
DECLARE @incarnation nvarchar(200);
IF CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(20)) <> N'READ_WRITE' THROW 51013, N'DATABASE_READ_ONLY', 1;
IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5
  SELECT @incarnation = N'azure/' + LOWER(d.[physical_database_name]) FROM sys.databases AS d WHERE d.[name] = DB_NAME();
ELSE
  SELECT @incarnation = LOWER(CAST(r.[recovery_fork_guid] AS nvarchar(36))) FROM sys.database_recovery_status AS r WHERE r.[database_id] = DB_ID();
IF @incarnation IS NULL THROW 51013, N'NO_INCARNATION', 1;
SELECT @incarnation AS [incarnation];
