-- Numbers of the latest statements that are signed on a shard; 0: none is, which changes nothing. Those of the catalog are never lowered,
-- but for one beyond the greatest that could be made by now, by the later of two clocks: it is of a time when the shard's was ahead, and
-- would outdate what is signed now once that time comes again.
-- @shardId uuid
-- @accepted bigint
-- @overridden bigint
-- @greatest bigint
update tenantry.shard
set accepted_number = case when @accepted = 0 or accepted_number between @accepted and @greatest then accepted_number else @accepted end,
    override_number = case when @overridden = 0 or override_number between @overridden and @greatest then override_number else @overridden end
where shard_id = @shardId
  and (@accepted > 0 and coalesce(accepted_number, 0) not between @accepted and @greatest
       or @overridden > 0 and coalesce(override_number, 0) not between @overridden and @greatest);
