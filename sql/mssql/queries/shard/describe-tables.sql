-- Columns of the named tables in their order, in words that all engines share. "baseType" is null where the type is not the server's own;
-- "keyPosition" counts from 1 within the primary key. A table that is not there has no rows. "storedAs" declares a column of the
-- same type and collation; "hasTriggers" is the table's: with any that is enabled, OUTPUT needs INTO (334).
-- @tables nvarchar(max)
-- json: allowed
SELECT w.[name] AS [table], c.[name] AS [name],
  y.[name] + f.[form] COLLATE Latin1_General_100_BIN2 AS [type],
  b.[name] AS [baseType],
  c.[is_nullable] AS [nullable],
  CAST(CASE WHEN c.[default_object_id] <> 0 OR c.[is_identity] = 1 THEN 1 ELSE 0 END AS bit) AS [hasDefault],
  CAST(CASE WHEN c.[is_computed] = 1 OR c.[is_identity] = 1 OR c.[generated_always_type] <> 0 OR b.[name] = N'timestamp' THEN 1 ELSE 0 END AS bit) AS [generated],
  CASE
    WHEN c.[max_length] = -1 THEN NULL
    WHEN b.[name] IN (N'nvarchar', N'nchar') THEN CAST(c.[max_length] / 2 AS int)
    WHEN b.[name] IN (N'varchar', N'char') THEN CAST(c.[max_length] AS int)
  END AS [maximumLength],
  CASE WHEN b.[name] IN (N'decimal', N'numeric', N'money', N'smallmoney') THEN CAST(c.[precision] AS int) END AS [precision],
  CASE
    WHEN b.[name] IN (N'decimal', N'numeric', N'money', N'smallmoney', N'datetime2', N'datetimeoffset', N'time') THEN CAST(c.[scale] AS int)
    WHEN b.[name] = N'datetime' THEN 3
    WHEN b.[name] = N'smalldatetime' THEN 0
  END AS [scale],
  CAST(NULL AS nvarchar(max)) AS [allowed],
  b.[name] + f.[form] COLLATE Latin1_General_100_BIN2 + COALESCE(N' COLLATE ' + c.[collation_name] COLLATE Latin1_General_100_BIN2, N'') AS [storedAs],
  CAST(CASE WHEN EXISTS (SELECT 1 FROM sys.triggers AS g WHERE g.[parent_id] = t.[object_id] AND g.[is_disabled] = 0) THEN 1 ELSE 0 END AS bit) AS [hasTriggers],
  CAST(k.[key_ordinal] AS int) AS [keyPosition]
FROM OPENJSON(@tables) WITH ([name] nvarchar(400), [schema] nvarchar(128), [table] nvarchar(128)) AS w
JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
JOIN sys.columns AS c ON c.[object_id] = t.[object_id] AND c.[is_hidden] = 0
JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
-- The type that an alias type stands for; types of the server's own assemblies have none, and are shown as they are.
LEFT JOIN sys.types AS b ON b.[user_type_id] = c.[system_type_id] AND y.[is_assembly_type] = 0
CROSS APPLY (
  SELECT COALESCE(CASE
    WHEN b.[name] IN (N'nvarchar', N'varchar', N'varbinary') AND c.[max_length] = -1 THEN N'(max)'
    WHEN b.[name] IN (N'nvarchar', N'nchar') THEN CONCAT(N'(', c.[max_length] / 2, N')')
    WHEN b.[name] IN (N'varchar', N'char', N'varbinary', N'binary') THEN CONCAT(N'(', c.[max_length], N')')
    WHEN b.[name] IN (N'decimal', N'numeric') THEN CONCAT(N'(', c.[precision], N',', c.[scale], N')')
    WHEN b.[name] IN (N'datetime2', N'datetimeoffset', N'time') THEN CONCAT(N'(', c.[scale], N')')
  END, N'') AS [form]
) AS f
LEFT JOIN sys.indexes AS i ON i.[object_id] = t.[object_id] AND i.[is_primary_key] = 1
LEFT JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[column_id] = c.[column_id] AND k.[key_ordinal] > 0
ORDER BY w.[name], c.[column_id];
