-- What protects the tables now, one row for each item that the program manages, in words that are compared with what is wanted.
-- Everything is of one collation: the server has others for its own words, for names and for the database (468, 457).
-- Expressions are compared without parentheses, which the server writes as it likes; the tenant's is shown as `tenant`.
-- @tables nvarchar(max)
WITH wanted AS (
  SELECT t.[object_id], t.[schema_id], OBJECT_ID(N'[tenantry].' + QUOTENAME(LEFT(N'policy_' + w.[schema] COLLATE Latin1_General_100_BIN2, 128))) AS [policy_id], w.[schema] COLLATE Latin1_General_100_BIN2 AS [schema], w.[table] COLLATE Latin1_General_100_BIN2 AS [table],
    w.[tenantColumn] COLLATE Latin1_General_100_BIN2 AS [tenantColumn],
    REPLACE(REPLACE(REPLACE(N'[tenantry].[visible]' + QUOTENAME(w.[tenantColumn]), N'(', N''), N')', N''), N' ', N'') COLLATE Latin1_General_100_BIN2 AS [predicate]
  FROM OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
  JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
), grantee AS (
  SELECT p.[principal_id], p.[name] COLLATE Latin1_General_100_BIN2 AS [name]
  FROM sys.database_principals AS p
  WHERE p.[name] IN (N'tenantry_app', N'tenantry_superuser', N'tenantry_mover', N'public')
), row_function AS (
  SELECT o.[name] COLLATE Latin1_General_100_BIN2 AS [name], f.[rendered], f.[call]
  FROM sys.objects AS o
  LEFT JOIN sys.sql_modules AS m ON m.[object_id] = o.[object_id] AND m.[uses_ansi_nulls] = 1 AND m.[uses_quoted_identifier] = 1
  OUTER APPLY [tenantry].[row_function](o.[name], m.[definition]) AS f
  WHERE o.[schema_id] = SCHEMA_ID(N'tenantry') AND o.[type] = N'IF' AND o.[name] LIKE N'rows[_]%'
), predicate AS (
  SELECT w.[schema], w.[table], p.[predicate_type_desc] COLLATE Latin1_General_100_BIN2 AS [kind], p.[operation],
    LOWER(p.[operation_desc] COLLATE Latin1_General_100_BIN2) AS [operation_desc],
    CASE WHEN c.[call] = w.[predicate] THEN N'tenant' ELSE COALESCE(N'as rendered ' + f.[rendered], p.[predicate_definition] COLLATE Latin1_General_100_BIN2) END AS [said]
  FROM wanted AS w
  JOIN sys.security_predicates AS p ON p.[object_id] = w.[policy_id] AND p.[target_object_id] = w.[object_id]
  CROSS APPLY (SELECT REPLACE(REPLACE(REPLACE(p.[predicate_definition] COLLATE Latin1_General_100_BIN2, N'(', N''), N')', N''), N' ', N'') AS [call]) AS c
  LEFT JOIN row_function AS f ON f.[call] = c.[call]
), rights AS (
  -- Once, however many have given it.
  SELECT DISTINCT w.[schema], w.[table], CONCAT(N'rights of ', g.[name]) AS [item],
    p.[permission_name] COLLATE Latin1_General_100_BIN2 AS [permission_name], p.[state] COLLATE Latin1_General_100_BIN2 AS [state],
    c.[name] COLLATE Latin1_General_100_BIN2 AS [column]
  FROM wanted AS w
  JOIN sys.database_permissions AS p ON p.[class] = 1 AND p.[major_id] = w.[object_id]
  JOIN grantee AS g ON g.[principal_id] = p.[grantee_principal_id]
  LEFT JOIN sys.columns AS c ON c.[object_id] = p.[major_id] AND c.[column_id] = p.[minor_id]
  UNION ALL
  SELECT DISTINCT w.[schema], w.[table], CONCAT(N'rights of ', g.[name], N' on its schema'),
    p.[permission_name] COLLATE Latin1_General_100_BIN2, p.[state] COLLATE Latin1_General_100_BIN2, NULL
  FROM wanted AS w
  JOIN sys.database_permissions AS p ON p.[class] = 3 AND p.[major_id] = w.[schema_id]
  JOIN grantee AS g ON g.[principal_id] = p.[grantee_principal_id]
)
SELECT w.[schema] AS [schema], w.[table] AS [table],
  CASE WHEN y.[object_id] = w.[policy_id] THEN N'security policy'
    ELSE CONCAT(N'security policy ', s.[name] COLLATE Latin1_General_100_BIN2, N'.', y.[name] COLLATE Latin1_General_100_BIN2) END AS [item],
  CASE y.[is_enabled] WHEN 1 THEN N'on' ELSE N'off' END AS [definition]
FROM wanted AS w
JOIN (SELECT DISTINCT q.[object_id], q.[target_object_id] FROM sys.security_predicates AS q) AS p ON p.[target_object_id] = w.[object_id]
JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = y.[schema_id]
UNION ALL
SELECT p.[schema], p.[table], CONCAT(LOWER(p.[kind]), N' predicate'),
  STRING_AGG(CONCAT(CAST(p.[operation_desc] + N' ' AS nvarchar(max)), p.[said]), N', ') WITHIN GROUP (ORDER BY p.[operation])
FROM predicate AS p
GROUP BY p.[schema], p.[table], p.[kind]
UNION ALL
-- By the beginning of their names, which two tables may share; what a predicate of another table calls is that one's.
SELECT w.[schema], w.[table], CONCAT(N'function ', f.[name]), CASE WHEN f.[rendered] IS NULL THEN N'altered' ELSE N'as rendered' END
FROM wanted AS w
JOIN row_function AS f ON f.[name] = CONCAT(LEFT(CONCAT(N'rows_', w.[schema], N'.', w.[table]), 95), N'_', RIGHT(f.[name], 32))
WHERE NOT EXISTS (
  SELECT 1
  FROM sys.security_predicates AS p
  WHERE p.[target_object_id] <> w.[object_id]
    AND CHARINDEX(QUOTENAME(f.[name]) COLLATE Latin1_General_100_BIN2, p.[predicate_definition] COLLATE Latin1_General_100_BIN2) > 0
)
UNION ALL
SELECT w.[schema], w.[table], N'model', m.[model]
FROM wanted AS w
JOIN [tenantry].[policy_model] AS m ON m.[schema_name] = w.[schema] AND m.[table_name] = w.[table]
UNION ALL
SELECT w.[schema], w.[table], N'change tracking', N'on'
FROM wanted AS w
JOIN sys.change_tracking_tables AS k ON k.[object_id] = w.[object_id]
UNION ALL
-- The server writes what was said as CONVERT([int],session_context(N'tenantry.tenant')), with the length behind the type.
SELECT w.[schema], w.[table], N'default',
  CONCAT(d.[name] COLLATE Latin1_General_100_BIN2, N': ',
    CASE WHEN REPLACE(REPLACE(REPLACE(d.[definition] COLLATE Latin1_General_100_CI_AS, N'(', N''), N')', N''), N' ', N'')
        LIKE N'convert[[]' + y.[name] COLLATE Latin1_General_100_CI_AS + N']%,session[_]contextN''tenantry.tenant'''
      THEN N'the entered tenant' ELSE d.[definition] COLLATE Latin1_General_100_BIN2 END)
FROM wanted AS w
JOIN sys.columns AS c ON c.[object_id] = w.[object_id] AND c.[name] = w.[tenantColumn] COLLATE Latin1_General_100_BIN2
JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
JOIN sys.default_constraints AS d ON d.[object_id] = c.[default_object_id]
UNION ALL
SELECT r.[schema], r.[table], r.[item],
  STRING_AGG(CONCAT(CASE r.[state] WHEN N'D' THEN N'deny ' END, LOWER(r.[permission_name]), CASE r.[state] WHEN N'W' THEN N' with grant option' END,
    N' (' + r.[column] + N')'), N', ') WITHIN GROUP (ORDER BY r.[column], r.[permission_name], r.[state])
FROM rights AS r
GROUP BY r.[schema], r.[table], r.[item];
