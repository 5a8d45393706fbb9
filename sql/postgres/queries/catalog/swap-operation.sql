-- @operationId uuid
-- @fromState text
-- @generation bigint
-- @toState text
-- @failure text
update tenantry.operation
set state = @toState, failure = coalesce(@failure, failure), changed_at = clock_timestamp()
where operation_id = @operationId and state = @fromState and generation = @generation;
