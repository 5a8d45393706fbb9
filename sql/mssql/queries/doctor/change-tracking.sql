-- How the changes are kept that a move of a tenant follows, where they are kept at all (`engine/server` says whether): no row where all
-- is well. Read by admin.
SET NOCOUNT ON;
-- Routed tables whose changes nobody keeps; where there is no primary key it is refused.
DECLARE @untracked TABLE ([name] nvarchar(517) NOT NULL, [hasKey] bit NOT NULL);
INSERT @untracked ([name], [hasKey])
SELECT CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name])), CASE WHEN i.[index_id] IS NULL THEN 0 ELSE 1 END
FROM sys.tables AS t
JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
LEFT JOIN sys.indexes AS i ON i.[object_id] = t.[object_id] AND i.[is_primary_key] = 1
WHERE EXISTS (
    SELECT 1
    FROM sys.security_predicates AS p
    JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
    WHERE y.[schema_id] = SCHEMA_ID(N'tenantry') AND y.[name] LIKE N'policy[_]%' AND p.[target_object_id] = t.[object_id]
  )
  AND NOT EXISTS (SELECT 1 FROM sys.change_tracking_tables AS k WHERE k.[object_id] = t.[object_id]);
DECLARE @track nvarchar(max) = (
  SELECT STRING_AGG(CAST(CONCAT(N'ALTER TABLE ', u.[name], N' ENABLE CHANGE_TRACKING') AS nvarchar(max)), N'; ') FROM @untracked AS u WHERE u.[hasKey] = 1
);
DECLARE @keyless nvarchar(max) = (
  SELECT STRING_AGG(CAST(u.[name] AS nvarchar(max)), N', ') FROM @untracked AS u WHERE u.[hasKey] = 0
);

SELECT s.[text] AS [text], s.[remedy] AS [remedy], s.[advice] AS [advice]
FROM sys.change_tracking_databases AS c
CROSS APPLY (VALUES
  (CASE WHEN EXISTS (SELECT 1 FROM @untracked) THEN 1 END,
    N'Change tracking is on for the database and not for every routed table: tenants cannot be moved from here while they work',
    @track, N'give a primary key to ' + @keyless + N', then run tenantry policy apply, which has their changes tracked'),
  (CASE
    WHEN c.[is_auto_cleanup_on] = 1
      AND c.[retention_period] * CASE c.[retention_period_units] WHEN 1 THEN 1 WHEN 2 THEN 60 ELSE 1440 END < 1440
    THEN 1 END,
    N'Changes are tracked for less than a day: a longer move would have to begin again',
    N'ALTER DATABASE CURRENT SET CHANGE_TRACKING (CHANGE_RETENTION = 3 DAYS)', NULL),
  (CASE WHEN c.[is_auto_cleanup_on] = 0 THEN 1 END,
    N'Tracked changes are kept for ever (AUTO_CLEANUP is off): the database grows with every change of a row',
    N'ALTER DATABASE CURRENT SET CHANGE_TRACKING (AUTO_CLEANUP = ON)', NULL)
) AS s ([applies], [text], [remedy], [advice])
WHERE c.[database_id] = DB_ID() AND s.[applies] = 1;
