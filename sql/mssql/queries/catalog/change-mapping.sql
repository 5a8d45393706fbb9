-- @mappingId int
-- @operationId uniqueidentifier
-- @state nvarchar(4000)
-- @epoch bigint
UPDATE [tenantry].[mapping]
SET [state] = @state, [epoch] = @epoch
WHERE [mapping_id] = @mappingId AND [operation_id] = @operationId;
