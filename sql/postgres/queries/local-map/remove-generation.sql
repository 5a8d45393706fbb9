-- @operationId uuid
delete from tenantry.operation_fence
where operation_id = @operationId;
