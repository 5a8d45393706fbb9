-- One row: on which server the shard map may be changed. Where another one answers, recover compares every shard before it is recorded.
CREATE TABLE [tenantry].[catalog_server] (
  [only_row] bit NOT NULL CONSTRAINT [catalog_server_key] PRIMARY KEY
    CONSTRAINT [catalog_server_only_row] DEFAULT (1)
    CONSTRAINT [catalog_server_one_row] CHECK ([only_row] = 1),
  [incarnation] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [catalog_server_known] CHECK (DATALENGTH([incarnation]) > 0),
  [recorded_at] datetime2(7) NOT NULL CONSTRAINT [catalog_server_now] DEFAULT (SYSUTCDATETIME())
);
GO

-- Which database this is, as of a shard (engine/incarnation): one that is restored to an earlier point, or imported, has another.
-- Null where it only reads, or the login may not see its row (VIEW ANY DATABASE): nothing is changed then. Azure SQL Database (5) lacks
-- the view of the others, whose statement is not compiled there because it does not run: so never inlined.
CREATE FUNCTION [tenantry].[server_incarnation]() RETURNS nvarchar(200) WITH INLINE = OFF
AS
BEGIN
  DECLARE @incarnation nvarchar(200);
  IF CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(20)) <> N'READ_WRITE' RETURN NULL;
  IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5
    SELECT @incarnation = N'azure/' + LOWER(d.[physical_database_name]) FROM sys.databases AS d WHERE d.[name] = DB_NAME();
  ELSE
    SELECT @incarnation = LOWER(CAST(r.[recovery_fork_guid] AS nvarchar(36))) FROM sys.database_recovery_status AS r WHERE r.[database_id] = DB_ID();
  RETURN @incarnation;
END;
GO

CREATE FUNCTION [tenantry].[is_known_server]() RETURNS bit
AS
BEGIN
  RETURN CASE WHEN EXISTS (
    SELECT 1
    FROM [tenantry].[catalog_server] AS s
    WHERE s.[incarnation] = [tenantry].[server_incarnation]() COLLATE Latin1_General_100_BIN2
  ) THEN 1 ELSE 0 END;
END;
GO

-- No row where the login may not see it, which is for whoever installs to say.
INSERT INTO [tenantry].[catalog_server] ([incarnation])
SELECT i.[incarnation] FROM (SELECT [tenantry].[server_incarnation]() AS [incarnation]) AS i WHERE i.[incarnation] IS NOT NULL;
