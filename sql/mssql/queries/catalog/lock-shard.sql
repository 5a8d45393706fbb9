-- Waits for whoever is adding a mapping to the shard, so that a count of its mappings afterwards is final. XLOCK: an update lock
-- would be granted beside the shared one that adding a mapping holds. HOLDLOCK: a shard that is not there stays so, too.
-- @shardId uniqueidentifier
SELECT s.[shard_id] AS [shardId]
FROM [tenantry].[shard] AS s WITH (XLOCK, ROWLOCK, HOLDLOCK)
WHERE s.[shard_id] = @shardId;
