-- The routed tables, those that refer to others by foreign keys first. Circles are cut at their number.
-- @tables nvarchar(max)
SET NOCOUNT ON;
DECLARE @routed TABLE ([object_id] int NOT NULL PRIMARY KEY, [schema] nvarchar(128) NOT NULL, [table] nvarchar(128) NOT NULL,
  [tenantColumn] nvarchar(128) NOT NULL, [height] int NOT NULL);
INSERT INTO @routed ([object_id], [schema], [table], [tenantColumn], [height])
SELECT t.[object_id], s.[name], t.[name], w.[tenantColumn], 0
FROM OPENJSON(@tables) WITH ([schema] nvarchar(128), [table] nvarchar(128), [tenantColumn] nvarchar(128)) AS w
JOIN sys.schemas AS s ON s.[name] = w.[schema] COLLATE Latin1_General_100_BIN2
JOIN sys.tables AS t ON t.[schema_id] = s.[schema_id] AND t.[name] = w.[table] COLLATE Latin1_General_100_BIN2
WHERE w.[tenantColumn] IS NOT NULL;

-- A table is one step higher than the highest that refers to it.
DECLARE @step int = 0, @number int = (SELECT COUNT(*) FROM @routed AS r);
WHILE @step < @number
BEGIN
  UPDATE parent
  SET [height] = @step + 1
  FROM @routed AS parent
  WHERE EXISTS (
    SELECT 1
    FROM sys.foreign_keys AS f
    JOIN @routed AS child ON child.[object_id] = f.[parent_object_id]
    WHERE f.[referenced_object_id] = parent.[object_id] AND child.[object_id] <> parent.[object_id] AND child.[height] = @step
  );
  SET @step += 1;
END;
SELECT r.[schema] AS [schema], r.[table] AS [table], r.[tenantColumn] AS [tenantColumn]
FROM @routed AS r
ORDER BY r.[height], r.[schema], r.[table];
