-- Numbers of the latest statements that are signed on a shard; those of the catalog are never lowered.
-- @shardId uuid
-- @accepted bigint
-- @overridden bigint
update tenantry.shard
set accepted_number = greatest(accepted_number, @accepted), override_number = greatest(override_number, @overridden)
where shard_id = @shardId and (coalesce(accepted_number, 0) < @accepted or coalesce(override_number, 0) < @overridden);
