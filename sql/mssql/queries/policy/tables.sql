-- The configured tables that exist, and the history of those that keep one, which SQL can name directly and the policy of the table
-- does not cover, with their columns, and whether their changes can be tracked: where the database does, of a table that has a primary key.
-- No table owns a sequence here.
-- @tables nvarchar(max)
-- json: sequences, key, columns
WITH configured AS (
  SELECT t.[object_id], t.[history_table_id], w.[tenantColumn]
  FROM OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
  JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
), family AS (
  SELECT c.[object_id], c.[tenantColumn], CASE WHEN c.[tenantColumn] IS NULL THEN N'reference' ELSE N'routed' END AS [role]
  FROM configured AS c
  UNION ALL
  SELECT c.[history_table_id], c.[tenantColumn], CASE WHEN c.[tenantColumn] IS NULL THEN N'reference part' ELSE N'part' END
  FROM configured AS c
  WHERE c.[history_table_id] IS NOT NULL AND NOT EXISTS (SELECT 1 FROM configured AS o WHERE o.[object_id] = c.[history_table_id])
)
SELECT s.[name] AS [schema], t.[name] AS [table], f.[tenantColumn] AS [tenantColumn], f.[role] AS [role],
  CAST(CASE WHEN f.[role] = N'routed' AND EXISTS (SELECT 1 FROM sys.change_tracking_databases AS k WHERE k.[database_id] = DB_ID())
    AND EXISTS (SELECT 1 FROM sys.indexes AS i WHERE i.[object_id] = t.[object_id] AND i.[is_primary_key] = 1) THEN 1 ELSE 0 END AS bit) AS [capturable],
  -- The server knows it by itself.
  N'[]' AS [key],
  N'[]' AS [sequences],
  COALESCE((
    SELECT c.[name] AS [name], CONCAT(QUOTENAME(y.[name]), CASE
      WHEN y.[name] IN (N'nvarchar', N'varchar', N'varbinary') AND c.[max_length] = -1 THEN N'(max)'
      WHEN y.[name] IN (N'nvarchar', N'nchar') THEN CONCAT(N'(', c.[max_length] / 2, N')')
      WHEN y.[name] IN (N'varchar', N'char', N'varbinary', N'binary') THEN CONCAT(N'(', c.[max_length], N')')
      WHEN y.[name] IN (N'decimal', N'numeric') THEN CONCAT(N'(', c.[precision], N', ', c.[scale], N')')
      WHEN y.[name] IN (N'datetime2', N'datetimeoffset', N'time') THEN CONCAT(N'(', c.[scale], N')')
    END) AS [type]
    FROM sys.columns AS c
    JOIN sys.types AS y ON y.[user_type_id] = c.[system_type_id]
    WHERE c.[object_id] = t.[object_id]
    ORDER BY c.[column_id]
    FOR JSON PATH
  ), N'[]') AS [columns]
FROM family AS f
JOIN sys.tables AS t ON t.[object_id] = f.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
ORDER BY s.[name], t.[name];
