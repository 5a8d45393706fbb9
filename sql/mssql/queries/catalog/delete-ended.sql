-- @operationIds nvarchar(max)
DELETE o
FROM [tenantry].[operation] AS o
WHERE o.[state] IN (N'DONE', N'UNDONE')
  AND o.[operation_id] IN (SELECT i.[id] FROM OPENJSON(@operationIds) WITH ([id] uniqueidentifier '$') AS i);
