-- What may undo the protection of the configured tables, or cannot be done with them, one row for each; `remedy` is SQL
-- where SQL helps, `drift` what an entry of `drift` in the configuration names that accepts it. Views need none: predicates look at whoever runs the statement, through views too, and an indexed view of a
-- protected table cannot be. Everything is of one collation: the server has others for its own words, for names and for the
-- database (468, 457).
-- @tables nvarchar(max)
WITH configured AS (
  SELECT s.[name] COLLATE Latin1_General_100_BIN2 AS [schema], t.[name] COLLATE Latin1_General_100_BIN2 AS [table], t.[object_id], t.[history_table_id], c.[column_id]
  FROM OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
  JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.columns AS c ON c.[object_id] = t.[object_id] AND c.[name] = w.[tenantColumn] COLLATE Latin1_General_100_BIN2
), routed AS (
  SELECT c.[schema], c.[table], c.[object_id], c.[column_id] FROM configured AS c WHERE c.[column_id] IS NOT NULL
), granted AS (
  SELECT p.[class], p.[major_id], p.[permission_name]
  FROM sys.database_permissions AS p
  WHERE p.[state] IN (N'G', N'W') AND p.[grantee_principal_id] IN (DATABASE_PRINCIPAL_ID(N'tenantry_app'), DATABASE_PRINCIPAL_ID(N'public'))
)
SELECT r.[schema] AS [schema], r.[table] AS [table],
  CAST(CASE WHEN k.[index_id] IS NULL THEN N'no-primary-key' ELSE N'primary-key' END AS nvarchar(30)) AS [warning],
  CAST(NULL AS nvarchar(400)) AS [detail], CAST(NULL AS nvarchar(max)) AS [remedy], CAST(NULL AS nvarchar(700)) AS [drift]
FROM routed AS r
LEFT JOIN (
  sys.indexes AS k JOIN sys.index_columns AS c ON c.[object_id] = k.[object_id] AND c.[index_id] = k.[index_id] AND c.[key_ordinal] = 1
) ON k.[object_id] = r.[object_id] AND k.[is_primary_key] = 1
WHERE k.[index_id] IS NULL OR c.[column_id] <> r.[column_id]
UNION ALL
SELECT r.[schema], r.[table], N'unique-key', k.[name] COLLATE Latin1_General_100_BIN2, NULL, NULL
FROM routed AS r
JOIN sys.indexes AS k ON k.[object_id] = r.[object_id] AND k.[is_unique] = 1 AND k.[is_primary_key] = 0
-- Wherever the tenant stands in the key: behind a column that tells rows apart, a plan seeks both (the predicate is a range).
WHERE NOT EXISTS (
  SELECT 1
  FROM sys.index_columns AS c
  WHERE c.[object_id] = k.[object_id] AND c.[index_id] = k.[index_id] AND c.[key_ordinal] > 0 AND c.[column_id] = r.[column_id]
)
UNION ALL
SELECT r.[schema], r.[table], N'foreign-key', f.[name] COLLATE Latin1_General_100_BIN2, NULL, NULL
FROM routed AS r
JOIN sys.foreign_keys AS f ON f.[parent_object_id] = r.[object_id]
JOIN routed AS parent ON parent.[object_id] = f.[referenced_object_id]
WHERE NOT EXISTS (
  SELECT 1
  FROM sys.foreign_key_columns AS c
  WHERE c.[constraint_object_id] = f.[object_id] AND c.[parent_column_id] = r.[column_id] AND c.[referenced_column_id] = parent.[column_id]
)
UNION ALL
-- Predicates of another policy only hide more here, and from the program's own logins, too.
SELECT r.[schema], r.[table], N'restrictive-policy', CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', y.[name] COLLATE Latin1_General_100_BIN2, N' (', LOWER(p.[predicate_type_desc]) COLLATE Latin1_General_100_BIN2, N')'),
  CONCAT(N'ALTER SECURITY POLICY ', QUOTENAME(s.[name]) COLLATE Latin1_General_100_BIN2, N'.', QUOTENAME(y.[name]) COLLATE Latin1_General_100_BIN2, N' DROP ',
    p.[predicate_type_desc] COLLATE Latin1_General_100_BIN2, N' PREDICATE ON ', QUOTENAME(r.[schema]), N'.', QUOTENAME(r.[table]), N' ' + p.[operation_desc] COLLATE Latin1_General_100_BIN2), NULL
FROM routed AS r
JOIN sys.security_predicates AS p ON p.[target_object_id] = r.[object_id]
JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = y.[schema_id]
WHERE s.[name] <> N'tenantry' AND y.[is_enabled] = 1
UNION ALL
SELECT r.[schema], r.[table], N'other-rights', LEFT(CONCAT(u.[name] COLLATE Latin1_General_100_BIN2, N' (',
    STRING_AGG(CAST(LOWER(p.[permission_name]) AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N', ') WITHIN GROUP (ORDER BY p.[permission_name]), N')'), 400),
  CONCAT(N'REVOKE ', STRING_AGG(CAST(p.[permission_name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N', ') WITHIN GROUP (ORDER BY p.[permission_name]), N' ON ',
    QUOTENAME(r.[schema]), N'.', QUOTENAME(r.[table]), N' FROM ', QUOTENAME(u.[name]) COLLATE Latin1_General_100_BIN2, N' CASCADE'), NULL
FROM routed AS r
JOIN (
  SELECT DISTINCT d.[major_id], d.[grantee_principal_id], d.[permission_name]
  FROM sys.database_permissions AS d
  WHERE d.[class] = 1 AND d.[state] IN (N'G', N'W')
) AS p ON p.[major_id] = r.[object_id]
JOIN sys.database_principals AS u ON u.[principal_id] = p.[grantee_principal_id]
WHERE u.[name] NOT IN (N'tenantry_app', N'tenantry_superuser', N'tenantry_mover', N'tenantry_admin', N'public', N'dbo')
GROUP BY r.[schema], r.[table], u.[name]
UNION ALL
SELECT s.[name] COLLATE Latin1_General_100_BIN2, q.[name] COLLATE Latin1_General_100_BIN2, N'sequence-rights',
  STRING_AGG(LOWER(g.[permission_name]) COLLATE Latin1_General_100_BIN2, N', ') WITHIN GROUP (ORDER BY g.[permission_name]),
  CONCAT(N'REVOKE ', STRING_AGG(CAST(g.[permission_name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N', ') WITHIN GROUP (ORDER BY g.[permission_name]), N' ON ',
    QUOTENAME(s.[name]) COLLATE Latin1_General_100_BIN2, N'.', QUOTENAME(q.[name]) COLLATE Latin1_General_100_BIN2, N' FROM [tenantry_app], [public]'), NULL
FROM sys.objects AS q
JOIN sys.schemas AS s ON s.[schema_id] = q.[schema_id]
JOIN (SELECT DISTINCT d.[major_id], d.[permission_name] FROM granted AS d WHERE d.[class] = 1) AS g ON g.[major_id] = q.[object_id]
WHERE q.[type] = N'SO' AND s.[name] <> N'tenantry'
GROUP BY s.[name], q.[name]
UNION ALL
SELECT s.[name] COLLATE Latin1_General_100_BIN2, o.[name] COLLATE Latin1_General_100_BIN2, N'definer-function',
  CASE m.[execute_as_principal_id] WHEN -2 THEN N'its owner' ELSE USER_NAME(m.[execute_as_principal_id]) COLLATE Latin1_General_100_BIN2 END, NULL,
  CONCAT(
    CASE WHEN o.[type] = N'TR' THEN N'trigger ' WHEN o.[type] = N'V' THEN N'view ' WHEN o.[type] IN (N'P', N'PC', N'X', N'RF') THEN N'procedure ' ELSE N'function ' END,
    s.[name] COLLATE Latin1_General_100_BIN2, N'.', CASE WHEN o.[type] = N'TR' THEN OBJECT_NAME(o.[parent_object_id]) COLLATE Latin1_General_100_BIN2 + N' ' END,
    o.[name] COLLATE Latin1_General_100_BIN2)
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
WHERE m.[execute_as_principal_id] IS NOT NULL AND s.[name] <> N'tenantry'
  AND (
    -- A trigger runs without anybody having a right to it.
    o.[type] = N'TR' OR EXISTS (
      SELECT 1
      FROM granted AS g
      WHERE g.[permission_name] IN (N'EXECUTE', N'SELECT', N'CONTROL')
        AND ((g.[class] = 1 AND g.[major_id] = o.[object_id]) OR (g.[class] = 3 AND g.[major_id] = o.[schema_id]) OR g.[class] = 0)
    )
  )
UNION ALL
-- Probes act in a session of admin. Comments count.
SELECT s.[name] COLLATE Latin1_General_100_BIN2, o.[name] COLLATE Latin1_General_100_BIN2, N'session-identity',
  LEFT(STRING_AGG(CAST(w.[word] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N', ') WITHIN GROUP (ORDER BY w.[word]), 400), NULL, NULL
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
JOIN (VALUES (N'app_name'), (N'connectionproperty'), (N'dm_exec_connections'), (N'dm_exec_sessions'), (N'host_id'), (N'host_name'), (N'original_login'),
  (N'program_name'), (N'session_user'), (N'suser_id'), (N'suser_name'), (N'suser_sid'), (N'suser_sname'), (N'system_user'), (N'@@spid')) AS w ([word])
  ON CHARINDEX(w.[word] COLLATE Latin1_General_100_BIN2, LOWER(m.[definition]) COLLATE Latin1_General_100_BIN2) > 0
-- What a predicate can call or read.
WHERE o.[type] IN (N'FN', N'IF', N'TF', N'V') AND s.[name] <> N'tenantry'
GROUP BY s.[name], o.[name]
UNION ALL
SELECT s.[name] COLLATE Latin1_General_100_BIN2, t.[name] COLLATE Latin1_General_100_BIN2, N'unlisted-table', NULL,
  CONCAT(N'REVOKE SELECT, INSERT, UPDATE, DELETE ON ', QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name]), N' FROM [tenantry_app], [public]') COLLATE Latin1_General_100_BIN2,
  CONCAT(N'table ', s.[name] COLLATE Latin1_General_100_BIN2, N'.', t.[name] COLLATE Latin1_General_100_BIN2)
FROM sys.tables AS t
JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
WHERE s.[name] <> N'tenantry' AND t.[is_ms_shipped] = 0
  AND NOT EXISTS (SELECT 1 FROM configured AS c WHERE t.[object_id] IN (c.[object_id], c.[history_table_id]))
  AND EXISTS (
    SELECT 1
    FROM granted AS g
    WHERE g.[permission_name] IN (N'SELECT', N'INSERT', N'UPDATE', N'DELETE', N'CONTROL')
      AND ((g.[class] = 1 AND g.[major_id] = t.[object_id]) OR (g.[class] = 3 AND g.[major_id] = t.[schema_id]) OR g.[class] = 0)
  )
ORDER BY [schema], [table], [warning];
