-- @mappingId integer
-- @operationId uuid
delete from tenantry.mapping
where mapping_id = @mappingId and operation_id = @operationId;
