-- Which server this is, as far as what it can do depends on it: `capabilities.ts` reads it. A login needs no right for its own database,
-- its settings and the flags of the server. Tenants' plans are serial (docs/decisions/010-parallel-plans.md) by the setting of the
-- database, or by the flag that keeps SESSION_CONTEXT out of parallel plans, or, for whoever sees all sessions, because every session of
-- app in this database, and there is one, is in a group that allows one processor.
SET NOCOUNT ON;
DECLARE @flags TABLE ([flag] int, [status] int, [global] int, [session] int);
DECLARE @sessions int = 0, @governed int = 0;
-- Azure SQL Database (5) has neither flags nor groups of the user's own.
IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) <> 5
BEGIN
  BEGIN TRY
    INSERT INTO @flags ([flag], [status], [global], [session]) EXEC (N'DBCC TRACESTATUS (11042, -1) WITH NO_INFOMSGS;');
  END TRY
  BEGIN CATCH
    -- What cannot be seen is taken to be off.
    DELETE FROM @flags;
  END CATCH;
  IF HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE') = 1
    SELECT @sessions = COUNT(*), @governed = COUNT(CASE WHEN g.[max_dop] = 1 THEN 1 END)
    FROM sys.dm_exec_sessions AS s
    JOIN sys.dm_resource_governor_workload_groups AS g ON g.[group_id] = s.[group_id]
    WHERE s.[database_id] = DB_ID()
      AND EXISTS (
        SELECT 1
        FROM sys.database_role_members AS m
        JOIN sys.database_principals AS p ON p.[principal_id] = m.[member_principal_id]
        WHERE m.[role_principal_id] = DATABASE_PRINCIPAL_ID(N'tenantry_app') AND p.[sid] = s.[security_id]
      );
END;
SELECT CAST(SERVERPROPERTY(N'ProductMajorVersion') AS int) AS [major], CAST(SERVERPROPERTY(N'EngineEdition') AS int) AS [edition],
  CAST(d.[compatibility_level] AS int) AS [compatibility],
  CAST(CASE
    -- TRY_CAST: values of other settings are words, and nothing says that the name is looked at first.
    WHEN EXISTS (SELECT 1 FROM sys.database_scoped_configurations AS c WHERE c.[name] = N'MAXDOP' AND TRY_CAST(c.[value] AS int) = 1) THEN 1
    -- Every server lets itself be given any number; SQL Server 2019 knows this one from CU14 (build 4188) on, none before it does.
    WHEN EXISTS (SELECT 1 FROM @flags AS f WHERE f.[flag] = 11042 AND f.[status] = 1 AND f.[global] = 1)
      AND (CAST(SERVERPROPERTY(N'ProductMajorVersion') AS int) > 15
        OR CAST(SERVERPROPERTY(N'ProductMajorVersion') AS int) = 15 AND CAST(SERVERPROPERTY(N'ProductBuild') AS int) >= 4188) THEN 1
    WHEN @sessions > 0 AND @governed = @sessions THEN 1
    ELSE 0
  END AS bit) AS [serialPlans],
  CAST(CASE WHEN EXISTS (SELECT 1 FROM sys.change_tracking_databases AS k WHERE k.[database_id] = DB_ID()) THEN 1 ELSE 0 END AS bit) AS [changeTracking]
FROM sys.databases AS d
-- By its name: on Azure SQL Database DB_ID() is of another numbering than this view.
WHERE d.[name] = DB_NAME();
