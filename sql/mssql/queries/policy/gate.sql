-- Why this connection, as this login, may not serve tenants: no row means that it may. A right that the server gives no answer to
-- counts as given; names are quoted, since one with a dot would be taken for two. app sees the security policy by its right to
-- the definitions of the schema. Everything is of one collation: the server has others for its own words, for names and for the
-- database (468, 457). The text of a predicate is compared without parentheses and spaces, which the server writes as it likes. What a table
-- must ask besides its tenant is known by marks, which stand in the function that asks it; one with more of them asks more.
-- @tables nvarchar(max)
SET NOCOUNT ON;
-- Azure SQL Database (5) has no other server and no login that could be reached.
DECLARE @edition int = CAST(SERVERPROPERTY(N'EngineEdition') AS int);

-- Histograms hold values of all tenants' rows. The page of "Row-Level Security" keeps those of protected tables from readers, that of
-- "sys.dm_db_stats_histogram" asks for no more than they have: so it is tried, on the row that nobody is shown. Nested, because TRY
-- catches no error of its own batch's compilation. Only a refusal says that nothing is shown: permission denied (229, 230, 297, 300, 15247;
-- 2557 and 2571 of DBCC's).
DECLARE @histograms int, @untried int;
BEGIN TRY
  EXEC sys.sp_executesql
    N'SELECT @histograms = COUNT(*)
      FROM sys.stats AS s
      CROSS APPLY sys.dm_db_stats_histogram(s.[object_id], s.[stats_id]) AS h
      WHERE s.[object_id] = OBJECT_ID(N''tenantry.hidden_row'');',
    N'@histograms int OUTPUT', @histograms = @histograms OUTPUT;
END TRY
BEGIN CATCH
  SET @untried = ERROR_NUMBER();
  IF @untried IN (229, 230, 297, 300, 2557, 2571, 15247) SET @histograms = 0;
END CATCH;

-- Once: what follows looks at them again and again.
DECLARE @routed TABLE (
  [name] nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [object_id] int NULL,
  [column_id] int NULL,
  [full_name] nvarchar(520) COLLATE Latin1_General_100_BIN2 NULL,
  [predicate] nvarchar(520) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [tenant_mark] nvarchar(800) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [policies] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  [history_table_id] int NULL,
  [is_tracked_by_cdc] bit NULL,
  INDEX [by_object] CLUSTERED ([object_id])
);
INSERT INTO @routed ([name], [object_id], [column_id], [full_name], [predicate], [tenant_mark], [policies], [history_table_id], [is_tracked_by_cdc])
SELECT t.[name], o.[object_id], c.[column_id], o.[full_name],
  REPLACE(REPLACE(REPLACE(N'[tenantry].[visible]' + QUOTENAME(t.[tenantColumn]), N'(', N''), N')', N''), N' ', N''),
  CONCAT(N'-- tenant ', QUOTENAME(t.[tenantColumn]), N' of ', o.[full_name], NCHAR(10)), t.[policies], o.[history_table_id], o.[is_tracked_by_cdc]
FROM OPENJSON(@tables) WITH (
  [name] nvarchar(400), [schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128), [policies] nvarchar(max) AS JSON
) AS t
LEFT JOIN (
  SELECT s.[name] AS [schema], u.[name] AS [table], u.[object_id], CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(u.[name])) AS [full_name],
    u.[history_table_id], u.[is_tracked_by_cdc]
  FROM sys.tables AS u
  JOIN sys.schemas AS s ON s.[schema_id] = u.[schema_id]
) AS o ON o.[schema] = t.[schema] COLLATE Latin1_General_100_BIN2 AND o.[table] = t.[table] COLLATE Latin1_General_100_BIN2
LEFT JOIN sys.columns AS c ON c.[object_id] = o.[object_id] AND c.[name] = t.[tenantColumn] COLLATE Latin1_General_100_BIN2;

DECLARE @predicates TABLE (
  [object_id] int NOT NULL,
  [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [operation] nvarchar(60) COLLATE Latin1_General_100_BIN2 NULL,
  [predicate] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  [definition] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
  INDEX [by_object] CLUSTERED ([object_id])
);
INSERT INTO @predicates ([object_id], [kind], [operation], [predicate])
SELECT p.[target_object_id], p.[predicate_type_desc], p.[operation_desc],
  REPLACE(REPLACE(REPLACE(p.[predicate_definition], N'(', N''), N')', N''), N' ', N'')
FROM sys.security_predicates AS p
JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
WHERE y.[is_enabled] = 1;
-- Only of functions that are as they were made.
UPDATE q
SET [definition] = f.[definition]
FROM @predicates AS q
JOIN (
  SELECT f.[call], m.[definition]
  FROM sys.objects AS o
  JOIN sys.sql_modules AS m ON m.[object_id] = o.[object_id] AND m.[uses_ansi_nulls] = 1 AND m.[uses_quoted_identifier] = 1
  CROSS APPLY [tenantry].[row_function](o.[name], m.[definition]) AS f
  WHERE o.[schema_id] = SCHEMA_ID(N'tenantry') AND o.[type] = N'IF' AND o.[name] LIKE N'rows[_]%'
) AS f ON f.[call] = q.[predicate];

-- Change data capture keeps whole rows of all tenants, which no policy filters: its functions are everybody's who reads the table, where no
-- role was named to gate them, and the role's members' otherwise. Whose functions they are does not show in their names.
DECLARE @captured nvarchar(520);
IF EXISTS (SELECT 1 FROM @routed AS t WHERE t.[is_tracked_by_cdc] = 1)
  SELECT TOP (1) @captured = CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(o.[name]))
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  WHERE s.[name] = N'cdc' AND o.[type] IN (N'U', N'V', N'IF', N'TF')
    AND COALESCE(HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(o.[name])), N'OBJECT', N'SELECT'), 1) = 1
  ORDER BY o.[name];

-- What a statement could become or reach outside of this database. A linked server is shown to whoever has a mapping to it ("sys.servers"), a
-- login to whoever has a right to it ("sys.server_principals"). Only where there are such: the first view is not Azure SQL Database's.
DECLARE @servers nvarchar(max), @logins nvarchar(max);
IF @edition <> 5
BEGIN
  SELECT @servers = STRING_AGG(CAST(QUOTENAME(v.[name]) AS nvarchar(max)), N', ')
  FROM sys.servers AS v
  WHERE v.[server_id] <> 0 AND v.[is_system] = 0 AND (v.[is_data_access_enabled] = 1 OR v.[is_rpc_out_enabled] = 1);
  SELECT @logins = STRING_AGG(CAST(QUOTENAME(p.[name]) AS nvarchar(max)), N', ')
  FROM sys.server_principals AS p
  WHERE p.[type] IN (N'S', N'U', N'E', N'X', N'G') AND p.[name] <> SUSER_SNAME()
    AND COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(p.[name]), N'LOGIN', N'IMPERSONATE'), HAS_PERMS_BY_NAME(p.[name], N'LOGIN', N'IMPERSONATE'), 0) = 1;
END;

SELECT CAST(NULL AS nvarchar(400)) AS [table],
  CAST(N'the login administers the server or the database, or may become a role that does' AS nvarchar(400)) AS [problem]
WHERE IS_SRVROLEMEMBER(N'sysadmin') = 1 OR IS_SRVROLEMEMBER(N'securityadmin') = 1 OR IS_SRVROLEMEMBER(N'serveradmin') = 1
  OR IS_ROLEMEMBER(N'db_owner') = 1 OR IS_ROLEMEMBER(N'db_securityadmin') = 1 OR IS_ROLEMEMBER(N'db_accessadmin') = 1
  OR IS_ROLEMEMBER(N'db_ddladmin') = 1 OR HAS_PERMS_BY_NAME(NULL, NULL, N'CONTROL SERVER') = 1
  -- By the first a statement sets the password of any login but a sysadmin's, or shuts it out; by the second it makes its own way elsewhere.
  OR HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY LOGIN') = 1 OR HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY LINKED SERVER') = 1
  OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'CONTROL'), 1) = 1 OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER'), 1) = 1
  OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER ANY ROLE'), 1) = 1 OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER ANY USER'), 1) = 1
UNION ALL
SELECT NULL, N'the login may change security policies or switch triggers of the database off'
WHERE COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER ANY SECURITY POLICY'), 1) = 1
  OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER ANY DATABASE DDL TRIGGER'), 1) = 1
  OR COALESCE(HAS_PERMS_BY_NAME(N'tenantry', N'SCHEMA', N'ALTER'), 1) = 1
UNION ALL
-- Statements of others, with what stands in them, locks and counters (on Azure SQL Database by a right of the database), plans with the
-- values that they were made for, and copies of everything. Not every server knows each of these rights: no answer is none.
SELECT NULL, CONCAT(N'the login sees what other sessions do, or copies what is there: it has ', r.[right] COLLATE Latin1_General_100_BIN2)
FROM (VALUES
  (N'VIEW SERVER STATE', HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE')),
  (N'VIEW SERVER PERFORMANCE STATE', HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER PERFORMANCE STATE')),
  (N'VIEW SERVER SECURITY STATE', HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER SECURITY STATE')),
  (N'ALTER TRACE', HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER TRACE')),
  (N'ALTER ANY EVENT SESSION', HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY EVENT SESSION')),
  (N'VIEW DATABASE STATE', COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'VIEW DATABASE STATE'), 1)),
  (N'VIEW DATABASE PERFORMANCE STATE', COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'VIEW DATABASE PERFORMANCE STATE'), 0)),
  (N'VIEW DATABASE SECURITY STATE', COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'VIEW DATABASE SECURITY STATE'), 0)),
  (N'ALTER ANY DATABASE EVENT SESSION', COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER ANY DATABASE EVENT SESSION'), 0)),
  (N'BACKUP DATABASE', COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'BACKUP DATABASE'), 0)),
  (N'BACKUP LOG', COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'BACKUP LOG'), 0))
) AS r ([right], [has])
WHERE r.[has] = 1
UNION ALL
SELECT NULL, CONCAT(N'the login acts as another one, ', SUSER_SNAME() COLLATE Latin1_General_100_BIN2)
-- Of logins of the server and of Windows alone: for users without a login it is not documented what these two give.
WHERE ORIGINAL_LOGIN() <> SUSER_SNAME()
  AND EXISTS (SELECT 1 FROM sys.database_principals AS p WHERE p.[principal_id] = DATABASE_PRINCIPAL_ID(USER_NAME()) AND p.[authentication_type] IN (1, 3))
UNION ALL
SELECT NULL, N'the login is no member of tenantry_app'
WHERE COALESCE(IS_ROLEMEMBER(N'tenantry_app'), 0) <> 1
UNION ALL
SELECT NULL, CONCAT(N'the login is a member of ', r.[name] COLLATE Latin1_General_100_BIN2)
FROM (VALUES (N'tenantry_superuser'), (N'tenantry_mover'), (N'tenantry_admin'), (N'db_datareader'), (N'db_datawriter'), (N'db_backupoperator')) AS r ([name])
WHERE IS_ROLEMEMBER(r.[name]) = 1
UNION ALL
SELECT NULL, CONCAT(N'the login may act as ', p.[name] COLLATE Latin1_General_100_BIN2)
FROM sys.database_principals AS p
WHERE p.[type] IN (N'S', N'U', N'E', N'X', N'G') AND p.[name] <> USER_NAME()
  -- guest, INFORMATION_SCHEMA and sys, which nobody acts as, may have no answer.
  AND COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(p.[name]), N'USER', N'IMPERSONATE'), HAS_PERMS_BY_NAME(p.[name], N'USER', N'IMPERSONATE'),
    CASE WHEN p.[principal_id] IN (2, 3, 4) THEN 0 ELSE 1 END) = 1
UNION ALL
SELECT NULL, CONCAT(N'the login may act as another login, ', LEFT(@logins, 200) COLLATE Latin1_General_100_BIN2)
WHERE @logins IS NOT NULL
UNION ALL
SELECT NULL, CONCAT(N'the login may change who is a member of ', r.[name] COLLATE Latin1_General_100_BIN2)
FROM (VALUES (N'tenantry_app'), (N'tenantry_superuser'), (N'tenantry_mover'), (N'tenantry_admin')) AS r ([name])
-- Roles that app cannot see may have no answer, and it sees those that it has a right to.
WHERE COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(r.[name]), N'ROLE', N'ALTER'), HAS_PERMS_BY_NAME(r.[name], N'ROLE', N'ALTER'), 0) = 1
UNION ALL
SELECT NULL, N'the login has rights on the local shard map, which holds the tokens of mappings'
FROM (VALUES (N'tenantry.local_mapping'), (N'tenantry.mapping_fence')) AS t ([name])
CROSS JOIN (VALUES (N'SELECT'), (N'INSERT'), (N'UPDATE'), (N'DELETE'), (N'ALTER'), (N'CONTROL')) AS r ([right])
WHERE HAS_PERMS_BY_NAME(t.[name], N'OBJECT', r.[right]) = 1
UNION ALL
-- A statement may name every database that its login enters, and no fence and no policy of this one counts there (decision 009). Snapshots
-- of this very database hold the same tenants; the first four databases are the server's own. Azure SQL Database (5) shows and enters no
-- other than this one.
SELECT NULL, CONCAT(N'a statement could reach other databases, since the login enters ', LEFT(STRING_AGG(CAST(QUOTENAME(d.[name]) AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N', '), 200),
  N': drop its user there, or make this database contained and the login a user of it alone')
FROM sys.databases AS d
WHERE @edition <> 5 AND d.[database_id] > 4 AND d.[database_id] <> DB_ID() AND COALESCE(d.[source_database_id], 0) <> DB_ID() AND HAS_DBACCESS(d.[name]) = 1
HAVING COUNT(*) > 0
UNION ALL
SELECT NULL, CONCAT(N'a statement could reach other servers, since the login has a mapping to ', LEFT(@servers, 200) COLLATE Latin1_General_100_BIN2,
  N': EXEC sp_droplinkedsrvlogin N''…'', NULL takes that of all logins')
WHERE @servers IS NOT NULL
UNION ALL
SELECT NULL, N'the session has a tenant before anybody has entered'
WHERE [tenantry].[current_tenant]() IS NOT NULL
UNION ALL
SELECT NULL, CONCAT(N'the server shows it values of all tenants in the statistics of protected tables: in master, DENY SELECT ON sys.dm_db_stats_histogram TO a user of ',
  QUOTENAME(SUSER_SNAME()) COLLATE Latin1_General_100_BIN2)
WHERE @histograms > 0
UNION ALL
SELECT NULL, CONCAT(N'what the server shows of statistics cannot be seen: tenantry.hidden_row is missing, open or shut, or error ', @untried)
WHERE @histograms IS NULL OR COALESCE(HAS_PERMS_BY_NAME(N'tenantry.hidden_row', N'OBJECT', N'SELECT'), 0) = 0
  OR NOT EXISTS (SELECT 1 FROM sys.stats AS s JOIN @predicates AS q ON q.[object_id] = s.[object_id] WHERE s.[object_id] = OBJECT_ID(N'tenantry.hidden_row'))
UNION ALL
SELECT t.[name], N'it does not exist, or has no such tenant column'
FROM @routed AS t
WHERE t.[column_id] IS NULL
UNION ALL
SELECT t.[name], N'the login may alter or take ownership of it'
FROM @routed AS t
WHERE t.[object_id] IS NOT NULL
  AND (COALESCE(HAS_PERMS_BY_NAME(t.[full_name], N'OBJECT', N'ALTER'), 1) = 1 OR COALESCE(HAS_PERMS_BY_NAME(t.[full_name], N'OBJECT', N'TAKE OWNERSHIP'), 1) = 1)
UNION ALL
SELECT t.[name], CONCAT(N'its ', LOWER(CONCAT(k.[kind], N' predicate', N' ' + k.[operation])) COLLATE Latin1_General_100_BIN2, N' is missing, altered or switched off')
FROM @routed AS t
CROSS JOIN (VALUES
  (N'FILTER', NULL), (N'BLOCK', N'AFTER INSERT'), (N'BLOCK', N'AFTER UPDATE'), (N'BLOCK', N'BEFORE UPDATE'), (N'BLOCK', N'BEFORE DELETE')
) AS k ([kind], [operation])
OUTER APPLY (
  SELECT w.[marks]
  FROM OPENJSON(t.[policies]) WITH ([kind] nvarchar(60), [operation] nvarchar(60), [marks] nvarchar(max) AS JSON) AS w
  WHERE w.[kind] = k.[kind] AND COALESCE(w.[operation], N'') = COALESCE(k.[operation], N'')
) AS asked
WHERE t.[column_id] IS NOT NULL
  AND NOT EXISTS (
    SELECT 1
    FROM @predicates AS q
    -- Without an operation it is for all of them.
    WHERE q.[object_id] = t.[object_id] AND q.[kind] = k.[kind] COLLATE Latin1_General_100_BIN2
      AND (q.[operation] IS NULL OR q.[operation] = k.[operation] COLLATE Latin1_General_100_BIN2)
      AND (
        (asked.[marks] IS NULL AND q.[predicate] = t.[predicate])
        OR (CHARINDEX(t.[tenant_mark], q.[definition]) > 0 AND NOT EXISTS (
          SELECT 1
          FROM OPENJSON(asked.[marks]) AS w
          WHERE CHARINDEX(CONCAT(N'-- ', w.[value], NCHAR(10)) COLLATE Latin1_General_100_BIN2, q.[definition]) = 0
        ))
      )
  )
UNION ALL
-- Segments of a columnstore show the least and the greatest value of each column to whoever has both rights ("sys.column_store_segments").
SELECT t.[name], N'the login sees the ends of all tenants'' values in its columnstore index (VIEW DEFINITION)'
FROM @routed AS t
WHERE EXISTS (SELECT 1 FROM sys.indexes AS i WHERE i.[object_id] = t.[object_id] AND i.[type] IN (5, 6))
  AND COALESCE(HAS_PERMS_BY_NAME(t.[full_name], N'OBJECT', N'VIEW DEFINITION'), 1) = 1
UNION ALL
-- Change tracking shows the keys of all rows that changed, whoever's they are ("Row-Level Security", compatibility).
SELECT t.[name], N'the login sees which rows of all tenants have changed (VIEW CHANGE TRACKING)'
FROM @routed AS t
WHERE t.[object_id] IS NOT NULL AND COALESCE(HAS_PERMS_BY_NAME(t.[full_name], N'OBJECT', N'VIEW CHANGE TRACKING'), 1) = 1
UNION ALL
SELECT t.[name], CONCAT(N'changed rows of all tenants can be read beside it, by ', @captured COLLATE Latin1_General_100_BIN2, N' (change data capture)')
FROM @routed AS t
WHERE t.[is_tracked_by_cdc] = 1 AND @captured IS NOT NULL
UNION ALL
-- SQL may name a history itself, past the policy of its table: nobody has a right to one.
SELECT t.[name], CONCAT(N'its history ', t.[full_name] COLLATE Latin1_General_100_BIN2, N' can be reached beside it')
FROM (
  SELECT r.[name], CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(h.[name])) AS [full_name]
  FROM @routed AS r
  JOIN sys.tables AS h ON h.[object_id] = r.[history_table_id]
  JOIN sys.schemas AS s ON s.[schema_id] = h.[schema_id]
  WHERE NOT EXISTS (SELECT 1 FROM @routed AS o WHERE o.[object_id] = h.[object_id])
) AS t
WHERE COALESCE(HAS_PERMS_BY_NAME(t.[full_name], N'OBJECT', N'SELECT'), 1) = 1;
