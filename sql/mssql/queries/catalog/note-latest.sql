-- Numbers of the latest statements that are signed on a shard; those of the catalog are never lowered.
-- @shardId uniqueidentifier
-- @accepted bigint
-- @overridden bigint
UPDATE [tenantry].[shard]
SET [accepted_number] = CASE WHEN [accepted_number] >= @accepted THEN [accepted_number] ELSE @accepted END,
  [override_number] = CASE WHEN [override_number] >= @overridden THEN [override_number] ELSE @overridden END
WHERE [shard_id] = @shardId AND (COALESCE([accepted_number], 0) < @accepted OR COALESCE([override_number], 0) < @overridden);
