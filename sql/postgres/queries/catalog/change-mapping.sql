-- @mappingId integer
-- @operationId uuid
-- @state text
-- @epoch bigint
update tenantry.mapping
set state = @state, epoch = @epoch
where mapping_id = @mappingId and operation_id = @operationId;
