-- Numbers of the latest statements that are signed on a shard; 0: none is, which changes nothing. Those of the catalog are never lowered,
-- but for one beyond the greatest that could be made by now, by the later of two clocks: it is of a time when the shard's was ahead, and
-- would outdate what is signed now once that time comes again.
-- @shardId uniqueidentifier
-- @accepted bigint
-- @overridden bigint
-- @greatest bigint
UPDATE [tenantry].[shard]
SET [accepted_number] = CASE WHEN @accepted = 0 OR [accepted_number] BETWEEN @accepted AND @greatest THEN [accepted_number] ELSE @accepted END,
  [override_number] = CASE WHEN @overridden = 0 OR [override_number] BETWEEN @overridden AND @greatest THEN [override_number] ELSE @overridden END
WHERE [shard_id] = @shardId
  AND ((@accepted > 0 AND COALESCE([accepted_number], 0) NOT BETWEEN @accepted AND @greatest)
    OR (@overridden > 0 AND COALESCE([override_number], 0) NOT BETWEEN @overridden AND @greatest));
