-- Tables beside these that look as if their rows were tenants': a policy of the program's names them, or they have a column of the name of
-- a tenant column. A history is its table's matter.
-- @tables nvarchar(max)
WITH known AS (
  SELECT w.[schema] COLLATE Latin1_General_100_BIN2 AS [schema], w.[table] COLLATE Latin1_General_100_BIN2 AS [table],
    w.[tenantColumn] COLLATE Latin1_General_100_BIN2 AS [tenantColumn]
  FROM OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
), other AS (
  SELECT s.[name] AS [schema], t.[name] AS [table],
    CAST(CASE WHEN EXISTS (
      SELECT 1
      FROM sys.security_predicates AS p
      JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
      WHERE p.[target_object_id] = t.[object_id] AND y.[schema_id] = SCHEMA_ID(N'tenantry')
    ) THEN 1 ELSE 0 END AS bit) AS [hasPolicies],
    (
      SELECT MIN(c.[name])
      FROM sys.columns AS c
      JOIN known AS k ON k.[tenantColumn] = c.[name] COLLATE Latin1_General_100_BIN2
      WHERE c.[object_id] = t.[object_id] AND t.[temporal_type] <> 1
    ) AS [tenantColumn]
  FROM sys.tables AS t
  JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
  WHERE t.[is_ms_shipped] = 0 AND s.[name] <> N'tenantry'
    AND NOT EXISTS (
      SELECT 1
      FROM known AS k
      WHERE k.[schema] = s.[name] COLLATE Latin1_General_100_BIN2 AND k.[table] = t.[name] COLLATE Latin1_General_100_BIN2
    )
)
SELECT o.[schema] AS [schema], o.[table] AS [table], o.[hasPolicies] AS [hasPolicies], o.[tenantColumn] AS [tenantColumn]
FROM other AS o
WHERE o.[hasPolicies] = 1 OR o.[tenantColumn] IS NOT NULL
ORDER BY o.[schema], o.[table];
