-- A null incarnation leaves the recorded one, and a null number the known one.
-- @shardId uuid
-- @operationId uuid
-- @state text
-- @incarnation text
-- @acceptedNumber bigint
-- @overrideNumber bigint
-- @release boolean
update tenantry.shard
set state = @state,
  incarnation = coalesce(@incarnation, incarnation),
  accepted_number = coalesce(@acceptedNumber, accepted_number),
  override_number = coalesce(@overrideNumber, override_number),
  operation_id = case when @release then null else operation_id end
where shard_id = @shardId and operation_id = @operationId;
