-- Why a configured table cannot be routed, one row for each reason; `remedy` is SQL where SQL helps. Everything is of one
-- collation: the server has others for its own words, for names and for the database (468, 457).
-- @tables nvarchar(max)
-- @keyType nvarchar(10)
WITH configured AS (
  SELECT w.[schema] COLLATE Latin1_General_100_BIN2 AS [schema], w.[table] COLLATE Latin1_General_100_BIN2 AS [table],
    w.[tenantColumn] COLLATE Latin1_General_100_BIN2 AS [tenantColumn], o.[object_id],
    CONCAT(QUOTENAME(w.[schema]), N'.', QUOTENAME(w.[table])) COLLATE Latin1_General_100_BIN2 AS [name],
    CASE WHEN o.[type] = N'U' AND t.[is_memory_optimized] = 0 AND t.[is_external] = 0 THEN 1 ELSE 0 END AS [is_table],
    COALESCE(o.[principal_id], s.[principal_id]) AS [owner_id]
  FROM OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
  LEFT JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.objects AS o ON o.[schema_id] = s.[schema_id] AND o.[name] = w.[table] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.tables AS t ON t.[object_id] = o.[object_id]
), tenant_column AS (
  SELECT r.[schema], r.[table], r.[name], r.[object_id], c.[column_id], c.[name] COLLATE Latin1_General_100_BIN2 AS [column], c.[is_nullable],
    c.[collation_name] COLLATE Latin1_General_100_BIN2 AS [collation_name],
    CASE WHEN c.[is_computed] = 1 OR c.[is_identity] = 1 OR c.[generated_always_type] <> 0 THEN 1 ELSE 0 END AS [is_computed],
    CONCAT(y.[name] COLLATE Latin1_General_100_BIN2, CASE
      WHEN y.[name] IN (N'nvarchar', N'varchar', N'varbinary') AND c.[max_length] = -1 THEN N'(max)'
      WHEN y.[name] IN (N'nvarchar', N'nchar') THEN CONCAT(N'(', c.[max_length] / 2, N')')
      WHEN y.[name] IN (N'varchar', N'char', N'varbinary', N'binary') THEN CONCAT(N'(', c.[max_length], N')')
    END) AS [type_name],
    CASE
      WHEN y.[name] IN (N'int', N'bigint') THEN y.[name] COLLATE Latin1_General_100_BIN2
      WHEN y.[name] = N'uniqueidentifier' THEN N'uuid'
      WHEN y.[name] = N'nvarchar' AND c.[max_length] > 0 THEN N'string'
      WHEN y.[name] = N'varbinary' AND c.[max_length] > 0 THEN N'bytes'
    END AS [key_type]
  FROM configured AS r
  JOIN sys.columns AS c ON c.[object_id] = r.[object_id] AND c.[name] = r.[tenantColumn] COLLATE Latin1_General_100_BIN2
  JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
  WHERE r.[is_table] = 1
)
SELECT c.[schema] AS [schema], c.[table] AS [table], CAST(N'missing-table' AS nvarchar(30)) AS [problem],
  CAST(NULL AS nvarchar(max)) AS [detail], CAST(NULL AS nvarchar(max)) AS [remedy]
FROM configured AS c
WHERE c.[object_id] IS NULL
UNION ALL
SELECT c.[schema], c.[table], N'not-a-table', NULL, NULL
FROM configured AS c
WHERE c.[object_id] IS NOT NULL AND c.[is_table] = 0
UNION ALL
-- With another owner all rights to a table are gone ("ALTER AUTHORIZATION"): what was there is given again.
SELECT c.[schema], c.[table], CASE WHEN IS_ROLEMEMBER(N'tenantry_app', p.[name]) = 1 THEN N'owned-by-app' ELSE N'not-owned' END,
  p.[name] COLLATE Latin1_General_100_BIN2,
  CASE WHEN IS_ROLEMEMBER(N'tenantry_app', p.[name]) = 1
    THEN CONCAT(N'ALTER AUTHORIZATION ON OBJECT::', c.[name], N' TO [dbo]', g.[again],
      N'; GRANT CONTROL ON OBJECT::', c.[name], N' TO [tenantry_admin] WITH GRANT OPTION')
    ELSE CONCAT(N'GRANT CONTROL ON OBJECT::', c.[name], N' TO [tenantry_admin] WITH GRANT OPTION')
  END
FROM configured AS c
JOIN sys.database_principals AS p ON p.[principal_id] = c.[owner_id]
OUTER APPLY (
  SELECT STRING_AGG(CONCAT(N'; ', CASE r.[state] WHEN N'D' THEN N'DENY ' ELSE N'GRANT ' END, r.[permission_name] COLLATE Latin1_General_100_BIN2,
    CAST(N' ON ' AS nvarchar(max)), c.[name], N' (' + QUOTENAME(l.[name]) COLLATE Latin1_General_100_BIN2 + N')', N' TO ',
    QUOTENAME(u.[name]) COLLATE Latin1_General_100_BIN2, CASE r.[state] WHEN N'W' THEN N' WITH GRANT OPTION' END), N'')
    WITHIN GROUP (ORDER BY r.[grantee_principal_id], r.[permission_name]) AS [again]
  FROM sys.database_permissions AS r
  JOIN sys.database_principals AS u ON u.[principal_id] = r.[grantee_principal_id]
  LEFT JOIN sys.columns AS l ON l.[object_id] = r.[major_id] AND l.[column_id] = r.[minor_id]
  WHERE r.[class] = 1 AND r.[major_id] = c.[object_id] AND u.[name] <> N'tenantry_admin'
) AS g
WHERE c.[is_table] = 1 AND (COALESCE(HAS_PERMS_BY_NAME(c.[name], N'OBJECT', N'CONTROL'), 0) <> 1 OR IS_ROLEMEMBER(N'tenantry_app', p.[name]) = 1)
UNION ALL
SELECT c.[schema], c.[table], N'unknown-column', c.[tenantColumn], NULL
FROM configured AS c
WHERE c.[is_table] = 1 AND c.[tenantColumn] IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tenant_column AS t WHERE t.[object_id] = c.[object_id])
UNION ALL
SELECT c.[schema], c.[table], N'column-type',
  CONCAT(c.[type_name], N', which is not that of the key type ', @keyType, N' (', CASE @keyType
    WHEN N'uuid' THEN N'uniqueidentifier' WHEN N'string' THEN N'nvarchar(n)' WHEN N'bytes' THEN N'varbinary(n)' ELSE @keyType END, N')'), NULL
FROM tenant_column AS c
WHERE c.[key_type] IS NULL OR c.[key_type] <> @keyType
UNION ALL
SELECT c.[schema], c.[table], N'collation', CONCAT(c.[type_name], N' COLLATE ', c.[collation_name]),
  CONCAT(N'ALTER TABLE ', c.[name], N' ALTER COLUMN ', QUOTENAME(c.[column]), N' ', c.[type_name], N' COLLATE Latin1_General_100_BIN2 NOT NULL')
FROM tenant_column AS c
WHERE c.[key_type] = @keyType AND c.[collation_name] NOT LIKE N'%[_]BIN2'
UNION ALL
SELECT c.[schema], c.[table], N'nullable', c.[column],
  CONCAT(N'ALTER TABLE ', c.[name], N' ALTER COLUMN ', QUOTENAME(c.[column]), N' ', c.[type_name], N' COLLATE ' + c.[collation_name], N' NOT NULL')
FROM tenant_column AS c
WHERE c.[is_nullable] = 1
UNION ALL
SELECT c.[schema], c.[table], N'computed', c.[column], NULL
FROM tenant_column AS c
WHERE c.[is_computed] = 1
UNION ALL
-- An index of another binary collation is ordered otherwise than the predicate asks, and cannot answer it.
SELECT c.[schema], c.[table], N'no-index', c.[column], CASE WHEN c.[collation_name] IS NULL OR c.[collation_name] = N'Latin1_General_100_BIN2'
  THEN CONCAT(N'CREATE INDEX ', QUOTENAME(c.[table] + N'_' + c.[column]), N' ON ', c.[name], N' (', QUOTENAME(c.[column]), N')')
  ELSE CONCAT(N'ALTER TABLE ', c.[name], N' ALTER COLUMN ', QUOTENAME(c.[column]), N' ', c.[type_name], N' COLLATE Latin1_General_100_BIN2 NOT NULL') END
FROM tenant_column AS c
WHERE (c.[collation_name] LIKE N'%[_]BIN2' AND c.[collation_name] <> N'Latin1_General_100_BIN2')
  OR NOT EXISTS (
    SELECT 1
    FROM sys.indexes AS i
    JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[key_ordinal] = 1
    WHERE i.[object_id] = c.[object_id] AND k.[column_id] = c.[column_id] AND i.[type] IN (1, 2) AND i.[has_filter] = 0 AND i.[is_disabled] = 0
  )
ORDER BY [schema], [table], [problem];
