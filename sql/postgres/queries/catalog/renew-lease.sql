-- @operationId uuid
-- @generation bigint
-- @leaseMs integer
update tenantry.operation
set lease_until = clock_timestamp() + @leaseMs * interval '1 millisecond'
where operation_id = @operationId and generation = @generation and state not in ('DONE', 'UNDONE');
