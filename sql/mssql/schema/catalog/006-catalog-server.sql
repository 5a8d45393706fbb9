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

-- The fork of its log on which this database writes, as of a shard; one that is restored to an earlier point, or imported, has
-- another. Null where it only reads, or the login may not see its row (VIEW ANY DATABASE): nothing is changed then.
CREATE FUNCTION [tenantry].[server_incarnation]() RETURNS nvarchar(200)
AS
BEGIN
  RETURN CASE CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(20)) WHEN N'READ_WRITE' THEN (
    SELECT LOWER(CAST(r.[recovery_fork_guid] AS nvarchar(36)))
    FROM sys.database_recovery_status AS r
    WHERE r.[database_id] = DB_ID()
  ) END;
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

INSERT INTO [tenantry].[catalog_server] ([incarnation]) VALUES ([tenantry].[server_incarnation]());
