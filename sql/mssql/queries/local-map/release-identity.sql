-- @shardId uniqueidentifier
DELETE FROM [tenantry].[shard_identity]
WHERE [shard_id] = @shardId;
