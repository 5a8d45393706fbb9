-- @mappingId integer
-- @state text
-- @epoch bigint
-- @operationId uuid
update tenantry.mapping
set operation_id = @operationId
where mapping_id = @mappingId and state = @state and epoch = @epoch and operation_id is null;
