-- Every ordinary table that is not the server's or Tenantry's own, and what type its tenant column has, if there is one: the
-- server's name of it, and the key type that it keeps, if it keeps one.
-- @column nvarchar(4000)
SELECT s.[name] AS [schema], t.[name] AS [table],
  y.[name] + COALESCE(CASE
    WHEN y.[name] IN (N'nvarchar', N'varchar', N'varbinary') AND c.[max_length] = -1 THEN N'(max)'
    WHEN y.[name] IN (N'nvarchar', N'nchar') THEN CONCAT(N'(', c.[max_length] / 2, N')')
    WHEN y.[name] IN (N'varchar', N'char', N'varbinary', N'binary') THEN CONCAT(N'(', c.[max_length], N')')
  END, N'') AS [columnType],
  CASE
    WHEN y.[name] IN (N'int', N'bigint') THEN y.[name]
    WHEN y.[name] = N'uniqueidentifier' THEN N'uuid'
    WHEN y.[name] = N'nvarchar' AND c.[max_length] > 0 THEN N'string'
    WHEN y.[name] = N'varbinary' AND c.[max_length] > 0 THEN N'bytes'
  END AS [keyType]
FROM sys.tables AS t
JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
LEFT JOIN sys.columns AS c ON c.[object_id] = t.[object_id] AND c.[name] = @column COLLATE Latin1_General_100_BIN2
LEFT JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
-- No history of another table, whose rows are never written by hand.
WHERE t.[is_ms_shipped] = 0 AND s.[name] <> N'tenantry' AND t.[temporal_type] <> 1
ORDER BY s.[name], t.[name];
