-- @shardId uniqueidentifier
-- @operationId uniqueidentifier
DELETE FROM [tenantry].[shard]
WHERE [shard_id] = @shardId AND [operation_id] = @operationId;
