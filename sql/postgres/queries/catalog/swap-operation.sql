-- What commits an operation changes no row where the server is not the one that the catalog knows.
-- @operationId uuid
-- @fromState text
-- @generation bigint
-- @toState text
-- @failure text
-- @commits boolean
update tenantry.operation
set state = @toState, failure = coalesce(@failure, failure), changed_at = clock_timestamp()
where operation_id = @operationId and state = @fromState and generation = @generation
  and (not @commits or tenantry.is_known_server());
