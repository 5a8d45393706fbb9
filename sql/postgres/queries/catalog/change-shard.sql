-- A null incarnation leaves the recorded one.
-- @shardId uuid
-- @operationId uuid
-- @state text
-- @incarnation text
-- @release boolean
update tenantry.shard
set state = @state,
  incarnation = coalesce(@incarnation, incarnation),
  operation_id = case when @release then null else operation_id end
where shard_id = @shardId and operation_id = @operationId;
