-- A null incarnation leaves the recorded one, and a null number the known one.
-- @shardId uniqueidentifier
-- @operationId uniqueidentifier
-- @state nvarchar(4000)
-- @incarnation nvarchar(4000)
-- @acceptedNumber bigint
-- @overrideNumber bigint
-- @release bit
UPDATE [tenantry].[shard]
SET [state] = @state,
  [incarnation] = COALESCE(@incarnation, [incarnation]),
  [accepted_number] = COALESCE(@acceptedNumber, [accepted_number]),
  [override_number] = COALESCE(@overrideNumber, [override_number]),
  [operation_id] = CASE WHEN @release = 1 THEN NULL ELSE [operation_id] END
WHERE [shard_id] = @shardId AND [operation_id] = @operationId;
