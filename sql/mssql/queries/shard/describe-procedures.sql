-- The named procedures that are there; one that is not there has no row.
-- @procedures nvarchar(max)
SELECT w.[name] AS [procedure], CAST(0 AS bit) AS [isFunction]
FROM OPENJSON(@procedures) WITH ([name] nvarchar(400), [schema] nvarchar(128), [routine] nvarchar(128)) AS w
JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
JOIN sys.objects AS p ON p.[schema_id] = s.[schema_id] AND p.[name] = w.[routine] COLLATE Latin1_General_100_BIN2 AND p.[type] = 'P'
ORDER BY w.[name];
