-- A null incarnation leaves the recorded one.
-- @shardId uniqueidentifier
-- @operationId uniqueidentifier
-- @state nvarchar(4000)
-- @incarnation nvarchar(4000)
-- @release bit
UPDATE [tenantry].[shard]
SET [state] = @state,
  [incarnation] = COALESCE(@incarnation, [incarnation]),
  [operation_id] = CASE WHEN @release = 1 THEN NULL ELSE [operation_id] END
WHERE [shard_id] = @shardId AND [operation_id] = @operationId;
