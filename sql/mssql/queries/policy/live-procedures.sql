-- Who may call the named procedures now, one row for each item that the program manages; and what app was given to call that is not
-- named any more, as it is called now, with its arguments, whether app may still call it, and what was noted when it was given.
-- @procedures nvarchar(max)
-- json: given
WITH configured AS (
  SELECT w.[schema] COLLATE Latin1_General_100_BIN2 AS [schema], w.[routine] COLLATE Latin1_General_100_BIN2 AS [routine]
  FROM OPENJSON(@procedures) WITH ([schema] nvarchar(128), [routine] nvarchar(128)) AS w
), rights AS (
  SELECT w.[schema], w.[routine],
    CONCAT(N'rights of ', u.[name]) COLLATE Latin1_General_100_BIN2 AS [item],
    CONCAT(CASE r.[state] WHEN N'D' THEN N'deny ' END, CAST(LOWER(r.[permission_name]) AS nvarchar(max)),
      CASE r.[state] WHEN N'W' THEN N' with grant option' END) COLLATE Latin1_General_100_BIN2 AS [said]
  FROM configured AS w
  JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  JOIN sys.objects AS o ON o.[schema_id] = s.[schema_id] AND o.[name] = w.[routine] COLLATE Latin1_General_100_BIN2
  JOIN sys.database_permissions AS r ON r.[class] = 1 AND r.[major_id] = o.[object_id]
  JOIN sys.database_principals AS u ON u.[principal_id] = r.[grantee_principal_id] AND u.[name] IN (N'tenantry_app', N'public')
), item AS (
  SELECT r.[schema], r.[routine], r.[item], STRING_AGG(r.[said], N', ') WITHIN GROUP (ORDER BY r.[said]) AS [said]
  FROM rights AS r
  GROUP BY r.[schema], r.[routine], r.[item]
)
SELECT i.[schema] AS [schema], i.[routine] AS [routine], i.[item] AS [item], i.[said] AS [definition],
  CAST(NULL AS nvarchar(128)) AS [arguments], CAST(NULL AS bit) AS [callable], CAST(NULL AS nvarchar(max)) AS [given]
FROM item AS i
UNION ALL
SELECT COALESCE(f.[schema], e.[schema_name]), COALESCE(f.[routine], e.[routine_name]), N'rights of tenantry_app',
  CASE WHEN f.[routine] IS NULL THEN N'gone' ELSE N'execute' END,
  e.[arguments], CAST(CASE WHEN f.[routine] IS NULL THEN 0 ELSE 1 END AS bit),
  (
    SELECT e.[schema_name] AS [schema], e.[routine_name] AS [routine], e.[arguments] AS [arguments], CAST(e.[routine_id] AS nvarchar(20)) AS [id]
    FOR JSON PATH, WITHOUT_ARRAY_WRAPPER
  )
FROM [tenantry].[exposed_procedure] AS e
OUTER APPLY (
  SELECT DISTINCT s.[name] COLLATE Latin1_General_100_BIN2 AS [schema], o.[name] COLLATE Latin1_General_100_BIN2 AS [routine]
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id] AND s.[name] <> N'tenantry'
  JOIN sys.database_permissions AS r ON r.[class] = 1 AND r.[major_id] = o.[object_id] AND r.[state] <> N'D'
  JOIN sys.database_principals AS u ON u.[principal_id] = r.[grantee_principal_id] AND u.[name] = N'tenantry_app'
  WHERE (o.[object_id] = e.[routine_id] OR (s.[name] COLLATE Latin1_General_100_BIN2 = e.[schema_name] AND o.[name] COLLATE Latin1_General_100_BIN2 = e.[routine_name]))
    AND NOT EXISTS (
      SELECT 1 FROM configured AS w WHERE w.[schema] = s.[name] COLLATE Latin1_General_100_BIN2 AND w.[routine] = o.[name] COLLATE Latin1_General_100_BIN2
    )
) AS f
WHERE f.[routine] IS NOT NULL
  OR NOT EXISTS (SELECT 1 FROM configured AS w WHERE w.[schema] = e.[schema_name] AND w.[routine] = e.[routine_name]);
