-- @operationIds nvarchar(max)
DELETE FROM [tenantry].[operation_fence]
WHERE [operation_id] IN (SELECT i.[id] FROM OPENJSON(@operationIds) WITH ([id] uniqueidentifier '$') AS i);
