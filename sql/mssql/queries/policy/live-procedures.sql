-- Who may call the named procedures now, one row for each item that the program manages.
-- @procedures nvarchar(max)
WITH rights AS (
  SELECT w.[schema] COLLATE Latin1_General_100_BIN2 AS [schema], w.[routine] COLLATE Latin1_General_100_BIN2 AS [routine],
    CONCAT(N'rights of ', u.[name]) COLLATE Latin1_General_100_BIN2 AS [item],
    CONCAT(CASE r.[state] WHEN N'D' THEN N'deny ' END, CAST(LOWER(r.[permission_name]) AS nvarchar(max)),
      CASE r.[state] WHEN N'W' THEN N' with grant option' END) COLLATE Latin1_General_100_BIN2 AS [said]
  FROM OPENJSON(@procedures) WITH ([schema] nvarchar(128), [routine] nvarchar(128)) AS w
  JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
  JOIN sys.objects AS o ON o.[schema_id] = s.[schema_id] AND o.[name] = w.[routine] COLLATE Latin1_General_100_BIN2
  JOIN sys.database_permissions AS r ON r.[class] = 1 AND r.[major_id] = o.[object_id]
  JOIN sys.database_principals AS u ON u.[principal_id] = r.[grantee_principal_id] AND u.[name] IN (N'tenantry_app', N'public')
), item AS (
  SELECT r.[schema], r.[routine], r.[item], STRING_AGG(r.[said], N', ') WITHIN GROUP (ORDER BY r.[said]) AS [said]
  FROM rights AS r
  GROUP BY r.[schema], r.[routine], r.[item]
)
SELECT i.[schema] AS [schema], i.[routine] AS [routine], i.[item] AS [item], i.[said] AS [definition]
FROM item AS i;
