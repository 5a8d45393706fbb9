-- The named procedures as the database has them: one row for each, without "form" where there is none. "parameters" are what a call gives,
-- in order; the server does not tell their defaults, nor what a procedure answers with: "columns" and "answer" are null. "code" is its text
-- and that of the procedures that it calls, up to eight deep; null where nobody may read it. "definers" are the procedures and functions
-- among what it calls, as deep, that run as another than who calls them.
-- @procedures nvarchar(max)
-- json: parameters, code, definers
WITH configured AS (
  SELECT w.[schema] COLLATE Latin1_General_100_BIN2 AS [schema], w.[routine] COLLATE Latin1_General_100_BIN2 AS [routine], o.[object_id], o.[type],
    CONCAT(QUOTENAME(w.[schema]), N'.', QUOTENAME(w.[routine])) COLLATE Latin1_General_100_BIN2 AS [name]
  FROM OPENJSON(@procedures) WITH ([schema] nvarchar(128), [routine] nvarchar(128)) AS w
  LEFT JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.objects AS o ON o.[schema_id] = s.[schema_id] AND o.[name] = w.[routine] COLLATE Latin1_General_100_BIN2
), reached AS (
  SELECT c.[object_id] AS [root_id], c.[object_id], c.[type], 0 AS [depth]
  FROM configured AS c
  WHERE c.[type] = 'P'
  UNION ALL
  SELECT r.[root_id], o.[object_id], o.[type], r.[depth] + 1
  FROM reached AS r
  JOIN sys.sql_expression_dependencies AS d ON d.[referencing_id] = r.[object_id] AND d.[referenced_class] = 1
  JOIN sys.objects AS o ON o.[object_id] = d.[referenced_id] AND o.[type] IN ('P', 'FN', 'IF', 'TF')
  WHERE r.[depth] < 8 AND o.[object_id] <> r.[object_id]
)
SELECT c.[schema] AS [schema], c.[routine] AS [routine],
  CASE
    -- Who may call a procedure may call the others of its group, whose texts nobody judges.
    WHEN EXISTS (SELECT 1 FROM sys.numbered_procedures AS gp WHERE gp.[object_id] = c.[object_id]) THEN N'group of numbered procedures'
    WHEN c.[type] = 'P' THEN N'procedure' WHEN c.[type] IS NOT NULL THEN CONCAT(N'object of type ', RTRIM(c.[type]))
  END AS [form],
  COALESCE(g.[given], N'[]') AS [parameters],
  CAST(NULL AS nvarchar(max)) AS [columns],
  CAST(NULL AS nvarchar(max)) AS [answer],
  CASE WHEN m.[execute_as_principal_id] = -2 THEN N'its owner' ELSE USER_NAME(m.[execute_as_principal_id]) COLLATE Latin1_General_100_BIN2 END AS [runsAs],
  CAST(NULL AS bit) AS [readsOnly],
  CAST(CASE WHEN HAS_PERMS_BY_NAME(c.[name], N'OBJECT', N'CONTROL') = 1 THEN 1 ELSE 0 END AS bit) AS [grantable],
  x.[code] AS [code],
  COALESCE(z.[definers], N'[]') AS [definers]
FROM configured AS c
LEFT JOIN sys.sql_modules AS m ON m.[object_id] = c.[object_id]
OUTER APPLY (
  SELECT (
    SELECT SUBSTRING(p.[name], 2, 128) AS [name], y.[name] AS [type],
      CASE WHEN p.[is_output] = 0 THEN b.[name] END AS [baseType],
      CAST(NULL AS bit) AS [hasDefault]
    FROM sys.parameters AS p
    JOIN sys.types AS y ON y.[user_type_id] = p.[user_type_id]
    LEFT JOIN sys.types AS b ON b.[user_type_id] = p.[system_type_id] AND y.[is_assembly_type] = 0
    WHERE p.[object_id] = c.[object_id] AND p.[parameter_id] > 0
    ORDER BY p.[parameter_id]
    FOR JSON PATH, INCLUDE_NULL_VALUES
  ) AS [given]
) AS g
OUTER APPLY (
  SELECT (
    SELECT e.[schema], e.[routine], e.[text], e.[language]
    FROM (
      SELECT DISTINCT r.[object_id], OBJECT_SCHEMA_NAME(r.[object_id]) AS [schema], OBJECT_NAME(r.[object_id]) AS [routine],
        n.[definition] AS [text], N'tsql' AS [language]
      FROM reached AS r
      LEFT JOIN sys.sql_modules AS n ON n.[object_id] = r.[object_id]
      WHERE r.[root_id] = c.[object_id] AND r.[type] = 'P'
    ) AS e
    ORDER BY CASE WHEN e.[object_id] = c.[object_id] THEN 0 ELSE 1 END, e.[schema], e.[routine]
    FOR JSON PATH, INCLUDE_NULL_VALUES
  ) AS [code]
) AS x
OUTER APPLY (
  SELECT (
    SELECT e.[schema], e.[routine], e.[runsAs]
    FROM (
      SELECT DISTINCT OBJECT_SCHEMA_NAME(r.[object_id]) AS [schema], OBJECT_NAME(r.[object_id]) AS [routine],
        CASE WHEN n.[execute_as_principal_id] = -2 THEN N'its owner' ELSE USER_NAME(n.[execute_as_principal_id]) COLLATE Latin1_General_100_BIN2 END AS [runsAs]
      FROM reached AS r
      JOIN sys.sql_modules AS n ON n.[object_id] = r.[object_id] AND n.[execute_as_principal_id] IS NOT NULL
      WHERE r.[root_id] = c.[object_id] AND r.[object_id] <> c.[object_id]
    ) AS e
    ORDER BY e.[schema], e.[routine]
    FOR JSON PATH, INCLUDE_NULL_VALUES
  ) AS [definers]
) AS z
ORDER BY c.[schema], c.[routine];
