-- REPEATABLEREAD on the mappings: their present state is read, also where reads take no locks but look at row versions.
-- @shardId uniqueidentifier
-- @operationId uniqueidentifier
UPDATE [tenantry].[shard]
SET [operation_id] = @operationId
WHERE [shard_id] = @shardId
  AND [state] = N'ONLINE'
  AND [operation_id] IS NULL
  AND NOT EXISTS (SELECT 1 FROM [tenantry].[mapping] AS m WITH (REPEATABLEREAD) WHERE m.[shard_id] = @shardId);
