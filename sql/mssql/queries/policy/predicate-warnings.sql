-- What is to be known of tables that policies read, or ask for rows by: one row for each; `at` is the place in the configuration, `remedy`
-- is SQL where SQL helps. A `need` is an index that begins with these columns, and with none but `also`
-- before them, or a table that decides; `open` names what any tenant's user
-- may do with a table's rows. Policies compare texts by their bytes, which an index of another collation, or of a code page, cannot answer.
-- Everything is of one collation: the server has others for its own words, for names and for the database (468, 457).
-- @needs nvarchar(max)
-- @tables nvarchar(max)
WITH need AS (
  SELECT w.[at] COLLATE Latin1_General_100_BIN2 AS [at], w.[use] COLLATE Latin1_General_100_BIN2 AS [use], w.[columns], w.[also],
    s.[name] COLLATE Latin1_General_100_BIN2 AS [schema], t.[name] COLLATE Latin1_General_100_BIN2 AS [table], t.[object_id],
    CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name])) COLLATE Latin1_General_100_BIN2 AS [name]
  FROM OPENJSON(@needs) WITH ([at] nvarchar(4000), [use] nvarchar(10), [schema] nvarchar(128), [table] nvarchar(128), [columns] nvarchar(max) AS JSON,
    [also] nvarchar(max) AS JSON) AS w
  JOIN sys.schemas AS s ON s.[name] = COALESCE(w.[schema], N'dbo') COLLATE Latin1_General_100_BIN2
  JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
), needed AS (
  SELECT n.[at], n.[schema], n.[table], n.[object_id], n.[name], n.[columns], c.[name] COLLATE Latin1_General_100_BIN2 AS [column], c.[column_id],
    j.[place], j.[is_asked], y.[name] COLLATE Latin1_General_100_BIN2 AS [base], c.[max_length], c.[is_nullable],
    c.[collation_name] COLLATE Latin1_General_100_BIN2 AS [collation_name]
  FROM need AS n
  CROSS APPLY (
    SELECT f.[value] COLLATE Latin1_General_100_BIN2 AS [value], CAST(f.[key] AS int) AS [place], 1 AS [is_asked] FROM OPENJSON(n.[columns]) AS f
    UNION ALL
    SELECT g.[value] COLLATE Latin1_General_100_BIN2, CAST(g.[key] AS int), 0 FROM OPENJSON(n.[also]) AS g
  ) AS j
  JOIN sys.columns AS c ON c.[object_id] = n.[object_id] AND c.[name] = j.[value] COLLATE Latin1_General_100_BIN2
  LEFT JOIN sys.types AS y ON y.[user_type_id] = c.[system_type_id]
  WHERE n.[use] = N'index'
), asked AS (
  SELECT n.[at], n.[schema], n.[table], n.[object_id], n.[name], n.[columns],
    STRING_AGG(CAST(n.[column] AS nvarchar(max)), N', ') WITHIN GROUP (ORDER BY n.[place]) AS [names],
    STRING_AGG(CAST(QUOTENAME(n.[column]) AS nvarchar(max)), N', ') WITHIN GROUP (ORDER BY n.[place]) AS [quoted],
    STRING_AGG(CAST(n.[column] AS nvarchar(max)), N'_') WITHIN GROUP (ORDER BY n.[place]) AS [suffix]
  FROM needed AS n
  WHERE n.[is_asked] = 1
  GROUP BY n.[at], n.[schema], n.[table], n.[object_id], n.[name], n.[columns]
), usable AS (
  SELECT i.[object_id], i.[index_id], i.[is_unique]
  FROM sys.indexes AS i
  WHERE i.[type] IN (1, 2) AND i.[has_filter] = 0 AND i.[is_disabled] = 0
)
SELECT a.[schema] AS [schema], a.[table] AS [table], CAST(N'no-predicate-index' AS nvarchar(30)) AS [warning], CAST(a.[names] AS nvarchar(max)) AS [detail],
  CONCAT(N'CREATE INDEX ', QUOTENAME(LEFT(CONCAT(a.[table], N'_', a.[suffix]), 128)), N' ON ', a.[name], N' (', a.[quoted], N')') AS [remedy], a.[at] AS [at]
FROM asked AS a
-- In any order: what is asked for is known of each column. A unique key of some of them gives one row.
WHERE NOT EXISTS (
  SELECT 1
  FROM usable AS i
  WHERE i.[object_id] = a.[object_id]
    AND (
      NOT EXISTS (
        SELECT 1
        FROM needed AS n
        WHERE n.[object_id] = a.[object_id] AND n.[at] = a.[at] AND n.[columns] = a.[columns] AND n.[is_asked] = 1
          AND NOT EXISTS (
            SELECT 1
            FROM sys.index_columns AS k
            WHERE k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[column_id] = n.[column_id] AND k.[key_ordinal] > 0
              AND NOT EXISTS (
                SELECT 1
                FROM sys.index_columns AS b
                WHERE b.[object_id] = i.[object_id] AND b.[index_id] = i.[index_id] AND b.[key_ordinal] BETWEEN 1 AND k.[key_ordinal] - 1
                  AND NOT EXISTS (
                    SELECT 1
                    FROM needed AS o
                    WHERE o.[object_id] = a.[object_id] AND o.[at] = a.[at] AND o.[columns] = a.[columns] AND o.[column_id] = b.[column_id]
                  )
              )
          )
      )
      OR (i.[is_unique] = 1 AND NOT EXISTS (
        SELECT 1
        FROM sys.index_columns AS k
        WHERE k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[key_ordinal] > 0
          AND NOT EXISTS (
            SELECT 1
            FROM needed AS n
            WHERE n.[object_id] = a.[object_id] AND n.[at] = a.[at] AND n.[columns] = a.[columns] AND n.[column_id] = k.[column_id]
          )
      ))
    )
)
UNION ALL
SELECT n.[schema], n.[table], N'text-without-index', n.[column],
  CONCAT(N'ALTER TABLE ', n.[name], N' ALTER COLUMN ', QUOTENAME(n.[column]), N' nvarchar(',
    CASE WHEN n.[max_length] = -1 THEN N'max' ELSE CAST(CASE WHEN n.[base] LIKE N'n%' THEN n.[max_length] / 2 ELSE n.[max_length] END AS nvarchar(10)) END,
    N') COLLATE Latin1_General_100_BIN2 ', CASE WHEN n.[is_nullable] = 1 THEN N'NULL' ELSE N'NOT NULL' END), n.[at]
FROM needed AS n
WHERE n.[is_asked] = 1 AND n.[base] IN (N'nvarchar', N'varchar') AND (n.[base] = N'varchar' OR n.[collation_name] <> N'Latin1_General_100_BIN2')
UNION ALL
SELECT n.[schema], n.[table], N'open-deciding-table', o.[open] COLLATE Latin1_General_100_BIN2, NULL, n.[at]
FROM need AS n
JOIN OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [open] nvarchar(100)) AS o
  ON o.[schema] COLLATE Latin1_General_100_BIN2 = n.[schema] AND o.[table] COLLATE Latin1_General_100_BIN2 = n.[table]
WHERE n.[use] = N'decides'
ORDER BY [schema], [table], [warning], [at];
