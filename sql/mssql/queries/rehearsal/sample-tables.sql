-- What rows of the configured tables must have, and of all the tables that these refer to: a column is `needed` where an insert must give
-- it, `key` where it belongs to a unique key or is referred to, `identity` where only its owner may. `base` is the type without aliases.
-- @tables nvarchar(max)
-- json: columns, references, primaryKey
WITH [referring] AS (
  SELECT OBJECT_ID(CONCAT(QUOTENAME(t.[schema]), N'.', QUOTENAME(t.[table]))) AS [object_id], 0 AS [depth]
  FROM OPENJSON(@tables) WITH ([schema] nvarchar(128) '$.schema', [table] nvarchar(128) '$.table') AS t
  UNION ALL
  SELECT f.[referenced_object_id], r.[depth] + 1
  FROM [referring] AS r
  JOIN sys.foreign_keys AS f ON f.[parent_object_id] = r.[object_id] AND f.[referenced_object_id] <> r.[object_id]
  WHERE r.[depth] < 20
)
SELECT s.[name] AS [schema], o.[name] AS [table],
  (
    SELECT c.[name] AS [name],
      CONCAT(TYPE_NAME(c.[system_type_id]), CASE
        WHEN TYPE_NAME(c.[system_type_id]) IN (N'varchar', N'char', N'varbinary', N'binary')
          THEN CONCAT(N'(', CASE c.[max_length] WHEN -1 THEN N'max' ELSE CAST(c.[max_length] AS nvarchar(10)) END, N')')
        WHEN TYPE_NAME(c.[system_type_id]) IN (N'nvarchar', N'nchar')
          THEN CONCAT(N'(', CASE c.[max_length] WHEN -1 THEN N'max' ELSE CAST(c.[max_length] / 2 AS nvarchar(10)) END, N')')
        WHEN TYPE_NAME(c.[system_type_id]) IN (N'decimal', N'numeric') THEN CONCAT(N'(', c.[precision], N',', c.[scale], N')') END) AS [type],
      TYPE_NAME(c.[system_type_id]) AS [base],
      CASE WHEN c.[max_length] = -1 THEN NULL
        WHEN TYPE_NAME(c.[system_type_id]) IN (N'nvarchar', N'nchar') THEN c.[max_length] / 2
        WHEN TYPE_NAME(c.[system_type_id]) IN (N'decimal', N'numeric') THEN c.[precision] ELSE c.[max_length] END AS [length],
      CAST(c.[scale] AS int) AS [scale],
      CAST(CASE WHEN c.[is_nullable] = 0 AND c.[default_object_id] = 0 AND c.[is_identity] = 0 AND c.[is_computed] = 0
        AND TYPE_NAME(c.[system_type_id]) <> N'timestamp' AND c.[generated_always_type] = 0 THEN 1 ELSE 0 END AS bit) AS [needed],
      CAST(CASE WHEN EXISTS (
          SELECT 1 FROM sys.indexes AS i JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id]
          WHERE i.[object_id] = c.[object_id] AND i.[is_unique] = 1 AND k.[column_id] = c.[column_id] AND k.[is_included_column] = 0 AND c.[is_nullable] = 0
        ) OR EXISTS (
          SELECT 1 FROM sys.foreign_key_columns AS k WHERE k.[referenced_object_id] = c.[object_id] AND k.[referenced_column_id] = c.[column_id]
        ) THEN 1 ELSE 0 END AS bit) AS [key],
      CAST(1 - c.[is_nullable] AS bit) AS [required],
      c.[is_identity] AS [identity],
      CAST(CASE WHEN c.[is_computed] = 1 OR c.[generated_always_type] <> 0 OR TYPE_NAME(c.[system_type_id]) = N'timestamp' THEN 1 ELSE 0 END AS bit) AS [generated]
    FROM sys.columns AS c
    WHERE c.[object_id] = o.[object_id]
    ORDER BY c.[column_id]
    FOR JSON PATH
  ) AS [columns],
  COALESCE((
    SELECT ps.[name] AS [schema], p.[name] AS [table],
      (
        SELECT cc.[name] AS [child], pc.[name] AS [parent]
        FROM sys.foreign_key_columns AS k
        JOIN sys.columns AS cc ON cc.[object_id] = k.[parent_object_id] AND cc.[column_id] = k.[parent_column_id]
        JOIN sys.columns AS pc ON pc.[object_id] = k.[referenced_object_id] AND pc.[column_id] = k.[referenced_column_id]
        WHERE k.[constraint_object_id] = f.[object_id]
        ORDER BY k.[constraint_column_id]
        FOR JSON PATH
      ) AS [columns]
    FROM sys.foreign_keys AS f
    JOIN sys.objects AS p ON p.[object_id] = f.[referenced_object_id]
    JOIN sys.schemas AS ps ON ps.[schema_id] = p.[schema_id]
    WHERE f.[parent_object_id] = o.[object_id] AND f.[is_disabled] = 0
    ORDER BY f.[name]
    FOR JSON PATH
  ), N'[]') AS [references],
  COALESCE((
    SELECT CONCAT(N'[', STRING_AGG(CONCAT(N'"', STRING_ESCAPE(c.[name], 'json'), N'"'), N',') WITHIN GROUP (ORDER BY k.[key_ordinal]), N']')
    FROM sys.indexes AS i
    JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[key_ordinal] > 0
    JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
    WHERE i.[object_id] = o.[object_id] AND i.[is_primary_key] = 1
    HAVING COUNT(*) > 0
  ), N'[]') AS [primaryKey]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
WHERE o.[object_id] IN (SELECT r.[object_id] FROM [referring] AS r) AND o.[type] = 'U'
ORDER BY s.[name], o.[name];
