-- What of the server or the database endangers tenants' rows, besides what policies and logins show: no row where all is well. Read
-- by admin, which sees the database's state, and that of the server where it was given the right to.
SET NOCOUNT ON;
-- 5 and 8 are Azure SQL Database and Managed Instance, which are always of the newest kind.
DECLARE @edition int = CAST(SERVERPROPERTY(N'EngineEdition') AS int),
  @version int = CAST(SERVERPROPERTY(N'ProductMajorVersion') AS int),
  @build int = CAST(SERVERPROPERTY(N'ProductBuild') AS int);

-- Options that every session begins with; Azure SQL Database has none for the server.
DECLARE @userOptions int = 0;
IF @edition <> 5
  SELECT @userOptions = CAST(o.[value_in_use] AS int) FROM sys.configurations AS o WHERE o.[name] = N'user options';

-- What gives statements the hint MAXDOP besides their own text. The view of Query Store's hints came with SQL Server 2022.
DECLARE @queries nvarchar(max);
IF OBJECT_ID(N'sys.query_store_query_hints') IS NOT NULL
  EXEC sys.sp_executesql
    N'SELECT @queries = STRING_AGG(CAST(h.[query_id] AS nvarchar(max)), N'', '')
      FROM sys.query_store_query_hints AS h
      WHERE UPPER(h.[query_hint_text]) LIKE N''%MAXDOP%'';',
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

-- A right that is missing, by which every tenant works.
DECLARE @mayEnter int = (
  SELECT COUNT(*)
  FROM sys.database_permissions AS e
  WHERE e.[class] = 1 AND e.[major_id] = OBJECT_ID(N'tenantry.enter') AND e.[permission_name] = N'EXECUTE'
    AND e.[state] IN (N'G', N'W') AND e.[grantee_principal_id] = DATABASE_PRINCIPAL_ID(N'tenantry_app')
);

-- How this session is encrypted is a state of the server, which admin need not see.
DECLARE @encrypted nvarchar(40);
IF @edition = 5 OR HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE') = 1
  SELECT @encrypted = n.[encrypt_option]
  FROM sys.dm_exec_connections AS n
  WHERE n.[session_id] = @@SPID AND n.[net_transport] <> N'Session';

-- The type of keys, of which only strings have a collation.
DECLARE @keyType nvarchar(128) = (
  SELECT TYPE_NAME(p.[system_type_id])
  FROM sys.parameters AS p
  WHERE p.[object_id] = OBJECT_ID(N'tenantry.current_tenant') AND p.[parameter_id] = 0
);

-- Groups that let a commit through alone; they are none of the user's on Azure SQL Database and Managed Instance.
DECLARE @unawaited int = 0;
IF @edition NOT IN (5, 8)
  SELECT @unawaited = COUNT(*)
  FROM sys.databases AS a
  JOIN sys.availability_databases_cluster AS b ON b.[group_database_id] = a.[group_database_id]
  JOIN sys.availability_groups AS v ON v.[group_id] = b.[group_id]
  WHERE a.[name] = DB_NAME() AND v.[required_synchronized_secondaries_to_commit] = 0;

-- On Azure SQL Database sessions are ended by a right of the database.
DECLARE @mayEndSessions bit = CASE
  WHEN @edition = 5 THEN 1
  WHEN HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY CONNECTION') = 1 AND HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE') = 1 THEN 1
  ELSE 0
END;

SELECT s.[level] AS [level], s.[text] AS [text], s.[remedy] AS [remedy], s.[advice] AS [advice]
FROM sys.databases AS d
LEFT JOIN sys.triggers AS g ON g.[parent_class] = 0 AND g.[name] = N'tenantry_no_definitions' AND g.[is_disabled] = 0
CROSS APPLY (VALUES
  -- The server's release, and what it gives every session.
  (CASE WHEN @version < 15 AND @edition NOT IN (5, 8) THEN 1 END, N'problem',
    N'The server is older than SQL Server 2019',
    NULL, N'upgrade the server'),
  -- No build is known to be right in parallel plans (docs/decisions/010-parallel-plans.md); before CU14 the flag that keeps
  -- SESSION_CONTEXT out of them is not known either.
  (CASE WHEN @version = 15 AND @build < 4188 AND @edition NOT IN (5, 8) THEN 1 END, N'warning',
    N'The server is SQL Server 2019 from before CU14: it has no correction of SESSION_CONTEXT in parallel plans,'
      + N' and does not know trace flag 11042',
    NULL, N'install the newest cumulative update of SQL Server 2019'),
  (CASE WHEN @userOptions & 16384 <> 0 THEN 1 END, N'problem',
    N'Sessions of this server begin with XACT_ABORT ON (user options): the beginning of a tenant''s transaction may be taken for an'
      + N' error and rolled back',
    CONCAT(N'EXEC sys.sp_configure N''user options'', ', @userOptions & ~16384, N'; RECONFIGURE'), NULL),

  -- What keeps tenants apart.
  (CASE WHEN @hinting IS NOT NULL THEN 1 END, N'warning',
    N'Something gives statements the hint MAXDOP, which goes over the setting of the database: plans of tenants may be parallel,'
      + N' unless trace flag 11042 or a group of Resource Governor keeps them serial',
    NULL, CONCAT(N'take MAXDOP out of ', LEFT(@hinting, 2000))),
  (CASE WHEN g.[object_id] IS NULL THEN 1 END, N'problem',
    N'The trigger that keeps tenant traffic from definitions is missing or switched off: a tenant''s SQL could change the default'
      + N' schema of its login for all',
    NULL, N'run the SQL that `tenantry shard provision` prints'),
  (CASE WHEN OBJECT_ID(N'tenantry.enter') IS NOT NULL AND @mayEnter = 0 THEN 1 END, N'problem',
    N'tenantry_app may not call tenantry.enter: no tenant can work here',
    N'GRANT EXECUTE ON [tenantry].[enter] TO [tenantry_app]', NULL),
  (CASE WHEN d.[is_trustworthy_on] = 1 THEN 1 END, N'problem',
    N'TRUSTWORTHY is on: a routine of this database may act on the whole server',
    N'ALTER DATABASE CURRENT SET TRUSTWORTHY OFF', NULL),

  -- What is lost, or read by others.
  (CASE WHEN d.[delayed_durability] = 2 THEN 1 END, N'problem',
    N'Commits are acknowledged before they are on the disk (DELAYED_DURABILITY is FORCED): a crash loses them',
    N'ALTER DATABASE CURRENT SET DELAYED_DURABILITY = DISABLED', NULL),
  (CASE WHEN @encrypted = N'FALSE' THEN 1 END, N'problem',
    N'This connection is not encrypted',
    NULL, N'use ?sslmode=verify-full in the address'),
  (CASE WHEN d.[is_encrypted] = 0 THEN 1 END, N'warning',
    N'Files and backups are not encrypted (TDE is off)',
    NULL, N'in master: CREATE MASTER KEY ENCRYPTION BY PASSWORD = N''…''; CREATE CERTIFICATE [tde] WITH SUBJECT = N''TDE'';'
      + N' BACKUP CERTIFICATE [tde] TO FILE = N''…'' WITH PRIVATE KEY (FILE = N''…'', ENCRYPTION BY PASSWORD = N''…'')'
      + N' (without these files no backup of the database can be restored on another server);'
      + N' then here: CREATE DATABASE ENCRYPTION KEY WITH ALGORITHM = AES_256 ENCRYPTION BY SERVER CERTIFICATE [tde];'
      + N' ALTER DATABASE CURRENT SET ENCRYPTION ON'),

  -- What tenants wait for, and how they can be moved while they work.
  (CASE WHEN d.[is_read_committed_snapshot_on] = 0 THEN 1 END, N'warning',
    N'Reads wait for writers of the same rows (READ_COMMITTED_SNAPSHOT is off)',
    N'ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON',
    N'with the services stopped: it waits until no other connection is left'
      + N' (WITH ROLLBACK IMMEDIATE does not wait, but ends every connection and undoes every open transaction of the database).'
      + N' Row versions then take room in tempdb, and 14 bytes in each row that is changed'),
  (CASE WHEN d.[snapshot_isolation_state] NOT IN (1, 3) THEN 1 END, N'warning',
    N'No transaction may keep to one moment (ALLOW_SNAPSHOT_ISOLATION is off): tenants cannot be moved from here while they work',
    N'ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON', NULL),

  -- What the database is set to.
  (CASE WHEN d.[compatibility_level] < 150 THEN 1 END, N'warning',
    N'The compatibility level is below 150: plans are made as by an older server',
    N'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150', N'plans change: with Query Store on, a regression can be seen and undone'),
  (CASE WHEN d.[is_auto_close_on] = 1 THEN 1 END, N'warning',
    N'The database is closed whenever its last connection ends (AUTO_CLOSE is on): the next one waits until it is open again',
    N'ALTER DATABASE CURRENT SET AUTO_CLOSE OFF', NULL),
  (CASE WHEN d.[page_verify_option] <> 2 THEN 1 END, N'warning',
    N'Damaged pages are read as if they were right (PAGE_VERIFY is not CHECKSUM)',
    N'ALTER DATABASE CURRENT SET PAGE_VERIFY CHECKSUM', N'a page has its checksum once it is written again'),
  -- A tenant column without a collation of its own gets the database's; that of a routed table is judged with the table.
  (CASE WHEN d.[collation_name] NOT LIKE N'%[_]BIN2' AND @keyType = N'nvarchar' THEN 1 END, N'warning',
    N'Keys are strings, and the collation of the database does not compare texts by their bytes: a tenant column of a new table'
      + N' takes it unless it says otherwise, and is refused',
    NULL, N'write COLLATE Latin1_General_100_BIN2 behind the type of tenant columns'),

  (CASE WHEN NOT EXISTS (SELECT 1 FROM sys.triggers AS t WHERE t.[parent_class] = 0 AND t.[name] = N'tenantry_watching' AND t.[is_disabled] = 0) THEN 1 END, N'warning',
    N'No trigger watches its definitions: a change of rights, views or functions closes nothing by itself, and is found by the next sweep (limits.protectionSweepMs)',
    NULL, N'tenantry shard provision prints SQL that has the trigger of the database, which an administrator makes'),

  -- What is around it.
  (CASE WHEN @unawaited > 0 THEN 1 END, N'warning',
    N'Its availability group lets a commit through when no synchronous secondary has it'
      + N' (REQUIRED_SYNCHRONIZED_SECONDARIES_TO_COMMIT is 0): after a failover to one that had fallen behind it is lost',
    NULL, N'on the primary: ALTER AVAILABILITY GROUP [its name] SET (REQUIRED_SYNCHRONIZED_SECONDARIES_TO_COMMIT = 1);'
      + N' with no secondary in step nothing is committed then'),
  (CASE WHEN @mayEndSessions = 0 THEN 1 END, N'warning',
    N'The login of admin may not end sessions: tenant offline --force cannot end what holds a tenant',
    CONCAT(N'USE [master]; GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO ', QUOTENAME(SUSER_SNAME())), N'these are rights over the sessions of the whole server: leave it where the server is shared')
) AS s ([applies], [level], [text], [remedy], [advice])
-- By its name: on Azure SQL Database DB_ID() is of another numbering than this view.
WHERE d.[name] = DB_NAME() AND s.[applies] = 1;
