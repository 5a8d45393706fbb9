-- What of the server or the database endangers tenants' rows, besides what policies and logins show: no row where all is well. Read
-- by admin, which sees the server's state (VIEW SERVER STATE, or VIEW DATABASE STATE on Azure SQL Database).
SET NOCOUNT ON;
-- What gives statements the hint MAXDOP besides their own text. The view of Query Store's hints came with SQL Server 2022.
DECLARE @queries nvarchar(max);
IF OBJECT_ID(N'sys.query_store_query_hints') IS NOT NULL
  EXEC sys.sp_executesql
    N'SELECT @queries = STRING_AGG(CAST(h.[query_id] AS nvarchar(max)), N'', '') FROM sys.query_store_query_hints AS h WHERE UPPER(h.[query_hint_text]) LIKE N''%MAXDOP%'';',
    N'@queries nvarchar(max) OUTPUT', @queries = @queries OUTPUT;
DECLARE @hinting nvarchar(max) = (
  SELECT STRING_AGG(h.[name], N', ')
  FROM (
    SELECT CAST(CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(o.[name])) AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 AS [name]
    FROM sys.sql_modules AS m
    JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
    JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
    WHERE s.[name] <> N'tenantry' AND UPPER(m.[definition]) LIKE N'%MAXDOP%'
    UNION ALL
    SELECT CONCAT(N'plan guide ', QUOTENAME(p.[name])) COLLATE Latin1_General_100_BIN2
    FROM sys.plan_guides AS p
    WHERE p.[is_disabled] = 0 AND UPPER(p.[hints]) LIKE N'%MAXDOP%'
    UNION ALL
    SELECT CONCAT(N'the hints of Query Store for query ', @queries) COLLATE Latin1_General_100_BIN2
    WHERE @queries IS NOT NULL
  ) AS h
);
SELECT s.[level] AS [level], s.[text] AS [text], s.[remedy] AS [remedy]
FROM sys.databases AS d
LEFT JOIN sys.change_tracking_databases AS c ON c.[database_id] = d.[database_id]
LEFT JOIN sys.dm_exec_connections AS n ON n.[session_id] = @@SPID AND n.[net_transport] <> N'Session'
LEFT JOIN sys.triggers AS g ON g.[parent_class] = 0 AND g.[name] = N'tenantry_no_definitions' AND g.[is_disabled] = 0
LEFT JOIN sys.database_permissions AS e
  ON e.[class] = 1 AND e.[major_id] = OBJECT_ID(N'tenantry.enter') AND e.[permission_name] = N'EXECUTE' AND e.[state] IN (N'G', N'W')
  AND e.[grantee_principal_id] = DATABASE_PRINCIPAL_ID(N'tenantry_app')
CROSS APPLY (VALUES
  -- Editions 5 and 8 are Azure SQL Database and Managed Instance, which are always of the newest kind.
  (CASE WHEN CAST(SERVERPROPERTY(N'ProductMajorVersion') AS int) < 15 AND CAST(SERVERPROPERTY(N'EngineEdition') AS int) NOT IN (5, 8) THEN 1 END, N'problem',
    N'The server is older than SQL Server 2019', N'upgrade the server'),
  (CASE WHEN @hinting IS NOT NULL THEN 1 END, N'warning',
    N'Something gives statements the hint MAXDOP, which goes over the setting of the database: plans of tenants may be parallel, unless trace flag 11042 or a group of Resource Governor keeps them serial',
    CONCAT(N'take MAXDOP out of ', LEFT(@hinting, 2000))),
  (CASE WHEN g.[object_id] IS NULL THEN 1 END, N'problem',
    N'The trigger that keeps tenant traffic from definitions is missing or switched off: a tenant''s SQL could change the default schema of its login for all',
    N'run the SQL that `tenantry shard add` prints'),
  (CASE WHEN OBJECT_ID(N'tenantry.enter') IS NOT NULL AND e.[major_id] IS NULL THEN 1 END, N'problem',
    N'tenantry_app may not call tenantry.enter: no tenant can work here', N'GRANT EXECUTE ON [tenantry].[enter] TO [tenantry_app]'),
  (CASE WHEN d.[is_trustworthy_on] = 1 THEN 1 END, N'problem',
    N'TRUSTWORTHY is on: a routine of this database may act on the whole server', N'ALTER DATABASE CURRENT SET TRUSTWORTHY OFF'),
  (CASE WHEN d.[delayed_durability] = 2 THEN 1 END, N'problem',
    N'Commits are acknowledged before they are on the disk (DELAYED_DURABILITY is FORCED): a crash loses them', N'ALTER DATABASE CURRENT SET DELAYED_DURABILITY = DISABLED'),
  (CASE WHEN n.[encrypt_option] = N'FALSE' THEN 1 END, N'problem', N'This connection is not encrypted', N'use ?sslmode=verify-full in the address'),
  (CASE WHEN d.[is_encrypted] = 0 THEN 1 END, N'warning',
    N'Files and backups are not encrypted (TDE is off)', N'ALTER DATABASE CURRENT SET ENCRYPTION ON, after its key has been made'),
  (CASE WHEN d.[is_read_committed_snapshot_on] = 0 THEN 1 END, N'warning',
    N'Reads wait for writers of the same rows (READ_COMMITTED_SNAPSHOT is off)', N'ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE'),
  (CASE WHEN d.[snapshot_isolation_state] NOT IN (1, 3) THEN 1 END, N'warning',
    N'No transaction may keep to one moment (ALLOW_SNAPSHOT_ISOLATION is off): tenants cannot be moved from here while they work',
    N'ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON'),
  (CASE WHEN c.[database_id] IS NULL THEN 1 END, N'warning',
    N'Change tracking is off: tenants cannot be moved from here while they work',
    N'ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 3 DAYS, AUTO_CLEANUP = ON)'),
  (CASE WHEN c.[is_auto_cleanup_on] = 1 AND c.[retention_period] * CASE c.[retention_period_units] WHEN 1 THEN 1 WHEN 2 THEN 60 ELSE 1440 END < 1440 THEN 1 END, N'warning',
    N'Changes are tracked for less than a day: a longer move would have to begin again',
    N'ALTER DATABASE CURRENT SET CHANGE_TRACKING (CHANGE_RETENTION = 3 DAYS)'),
  (CASE WHEN c.[is_auto_cleanup_on] = 0 THEN 1 END, N'warning',
    N'Tracked changes are kept for ever (AUTO_CLEANUP is off): the database grows with every change of a row',
    N'ALTER DATABASE CURRENT SET CHANGE_TRACKING (AUTO_CLEANUP = ON)'),
  -- On Azure SQL Database sessions are ended by a right of the database.
  (CASE WHEN CAST(SERVERPROPERTY(N'EngineEdition') AS int) <> 5 AND COALESCE(HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY CONNECTION'), 0) = 0 THEN 1 END, N'warning',
    N'The login of admin may not end sessions: tenant offline --force cannot end what holds a tenant',
    CONCAT(N'in master: GRANT ALTER ANY CONNECTION TO ', QUOTENAME(SUSER_SNAME())))
) AS s ([applies], [level], [text], [remedy])
WHERE d.[database_id] = DB_ID() AND s.[applies] = 1;
