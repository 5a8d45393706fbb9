-- @mappingId int
-- @operationId uniqueidentifier
DELETE FROM [tenantry].[mapping]
WHERE [mapping_id] = @mappingId AND [operation_id] = @operationId;
