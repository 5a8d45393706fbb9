-- Why tables cannot be asked what policies ask of them, one row for each reason; `at` is the place in the configuration, `columns` what a
-- table has in place of a column that it lacks, `remedy` is SQL where SQL helps. Tables that are missing are told of by policy/problems.
-- Collations are no reason: policies compare texts by their bytes, whatever that of a column is. What pads texts is. Everything is of one
-- collation: the server has others for its own words, for names and for the database (468, 457).
-- @needs nvarchar(max)
-- json: columns
WITH need AS (
  SELECT w.[at] COLLATE Latin1_General_100_BIN2 AS [at], w.[use] COLLATE Latin1_General_100_BIN2 AS [use], w.[type] COLLATE Latin1_General_100_BIN2 AS [type],
    w.[column] COLLATE Latin1_General_100_BIN2 AS [column], w.[key] COLLATE Latin1_General_100_BIN2 AS [key],
    w.[tenantColumn] COLLATE Latin1_General_100_BIN2 AS [tenantColumn], w.[otherColumn] COLLATE Latin1_General_100_BIN2 AS [otherColumn],
    s.[name] COLLATE Latin1_General_100_BIN2 AS [schema], t.[name] COLLATE Latin1_General_100_BIN2 AS [table], t.[object_id],
    CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name])) COLLATE Latin1_General_100_BIN2 AS [name], c.[column_id], c.[system_type_id],
    TYPE_NAME(c.[user_type_id]) COLLATE Latin1_General_100_BIN2 AS [type_name], y.[name] COLLATE Latin1_General_100_BIN2 AS [base],
    v.[object_id] AS [other_id], CONCAT(QUOTENAME(o.[name]), N'.', QUOTENAME(v.[name])) COLLATE Latin1_General_100_BIN2 AS [other_name]
  FROM OPENJSON(@needs) WITH ([at] nvarchar(4000), [use] nvarchar(10), [schema] nvarchar(128), [table] nvarchar(128), [column] nvarchar(128), [type] nvarchar(10),
    [otherSchema] nvarchar(128), [otherTable] nvarchar(128), [otherColumn] nvarchar(128), [key] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
  JOIN sys.schemas AS s ON s.[name] = COALESCE(w.[schema], N'dbo') COLLATE Latin1_General_100_BIN2
  JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.columns AS c ON c.[object_id] = t.[object_id] AND c.[name] = w.[column] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.types AS y ON y.[user_type_id] = c.[system_type_id]
  LEFT JOIN sys.schemas AS o ON w.[otherColumn] IS NOT NULL AND o.[name] = COALESCE(w.[otherSchema], N'dbo') COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.tables AS v ON v.[schema_id] = o.[schema_id] AND v.[name] = w.[otherTable] COLLATE Latin1_General_100_BIN2
), family AS (
  SELECT f.[base] COLLATE Latin1_General_100_BIN2 AS [base], f.[family] COLLATE Latin1_General_100_BIN2 AS [family]
  FROM (VALUES (N'nvarchar', N'string'), (N'varchar', N'string'), (N'uniqueidentifier', N'uuid'),
    (N'tinyint', N'number'), (N'smallint', N'number'), (N'int', N'number'), (N'bigint', N'number')) AS f ([base], [family])
), pair AS (
  SELECT n.[at], n.[schema], n.[table], n.[column], n.[type_name], n.[base], n.[otherColumn], n.[other_name],
    TYPE_NAME(c.[user_type_id]) COLLATE Latin1_General_100_BIN2 AS [other_type_name],
    CASE WHEN c.[system_type_id] = n.[system_type_id] THEN 1 ELSE 0 END AS [is_same], f.[family], g.[family] AS [other_family]
  FROM need AS n
  JOIN sys.columns AS c ON c.[object_id] = n.[other_id] AND c.[name] = n.[otherColumn] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.types AS y ON y.[user_type_id] = c.[system_type_id]
  LEFT JOIN family AS f ON f.[base] = n.[base]
  LEFT JOIN family AS g ON g.[base] = y.[name] COLLATE Latin1_General_100_BIN2
  WHERE n.[use] = N'pair' AND n.[column_id] IS NOT NULL
)
SELECT n.[schema] AS [schema], n.[table] AS [table], CAST(N'no-such-column' AS nvarchar(30)) AS [problem], CAST(n.[column] AS nvarchar(max)) AS [detail],
  CAST(NULL AS nvarchar(max)) AS [remedy], n.[at] AS [at],
  (
    SELECT c.[name] AS [name]
    FROM sys.columns AS c
    WHERE c.[object_id] = n.[object_id]
    ORDER BY c.[column_id]
    FOR JSON PATH
  ) AS [columns]
FROM need AS n
WHERE n.[column_id] IS NULL AND n.[use] <> N'unique'
UNION ALL
SELECT n.[schema], n.[table], N'value-type', CONCAT(n.[column], N' is of type ', n.[type_name], N', and a value of type ', n.[type], N' is compared with ',
  CASE n.[type] WHEN N'string' THEN N'nvarchar or varchar' WHEN N'uuid' THEN N'uniqueidentifier' ELSE N'tinyint, smallint, int or bigint' END), NULL, n.[at], NULL
FROM need AS n
LEFT JOIN family AS f ON f.[base] = n.[base]
WHERE n.[use] = N'value' AND n.[column_id] IS NOT NULL
  AND COALESCE(f.[family], N'') <> CASE WHEN n.[type] IN (N'string', N'uuid') THEN n.[type] ELSE N'number' END
UNION ALL
SELECT p.[schema], p.[table], N'pair-type', CONCAT(p.[column], N' is of type ', p.[type_name], N', and ', p.[otherColumn], N' of ', p.[other_name],
  N', which it is compared with, of ', p.[other_type_name]), NULL, p.[at], NULL
FROM pair AS p
WHERE COALESCE(p.[family], N'') <> COALESCE(p.[other_family], N'')
  OR (p.[family] IS NULL AND (p.[is_same] = 0 OR p.[base] IS NULL OR p.[base] IN (N'char', N'nchar', N'text', N'ntext', N'image', N'xml', N'sql_variant')))
UNION ALL
SELECT n.[schema], n.[table], N'access-type', CONCAT(n.[column], N' is of type ', n.[type_name]), NULL, n.[at], NULL
FROM need AS n
WHERE n.[use] = N'access' AND n.[column_id] IS NOT NULL AND COALESCE(n.[base], N'') NOT IN (N'bit', N'tinyint', N'smallint', N'int', N'bigint')
UNION ALL
-- A unique index of fewer columns does, too.
SELECT n.[schema], n.[table], N'both-answers', CONCAT(n.[tenantColumn] + N', ', n.[key], N', ', n.[column]),
  CONCAT(N'CREATE UNIQUE INDEX ', QUOTENAME(LEFT(CONCAT(n.[table], N'_', n.[key], N'_', n.[column]), 128)), N' ON ', n.[name], N' (',
    QUOTENAME(n.[tenantColumn]) + N', ', QUOTENAME(n.[key]), N', ', QUOTENAME(n.[column]), N')'), n.[at], NULL
FROM need AS n
WHERE n.[use] = N'unique'
  AND (SELECT COUNT(*) FROM sys.columns AS c WHERE c.[object_id] = n.[object_id] AND c.[name] COLLATE Latin1_General_100_BIN2 IN (n.[key], n.[column])) = 2
  AND NOT EXISTS (
    SELECT 1
    FROM sys.indexes AS i
    WHERE i.[object_id] = n.[object_id] AND i.[is_unique] = 1 AND i.[has_filter] = 0 AND i.[is_disabled] = 0
      AND NOT EXISTS (
        SELECT 1
        FROM sys.index_columns AS k
        JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
        WHERE k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[key_ordinal] > 0
          AND c.[name] COLLATE Latin1_General_100_BIN2 NOT IN (n.[key], n.[column], COALESCE(n.[tenantColumn], n.[key]))
      )
  )
ORDER BY [schema], [table], [at], [problem];
