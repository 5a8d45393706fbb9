-- @mappingId int
-- @state nvarchar(4000)
-- @epoch bigint
-- @operationId uniqueidentifier
UPDATE [tenantry].[mapping]
SET [operation_id] = @operationId
WHERE [mapping_id] = @mappingId AND [state] = @state AND [epoch] = @epoch AND [operation_id] IS NULL;
