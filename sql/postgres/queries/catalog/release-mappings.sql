-- @operationId uuid
update tenantry.mapping
set operation_id = null
where operation_id = @operationId;
