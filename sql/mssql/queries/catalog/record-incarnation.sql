-- @shardId uniqueidentifier
-- @from nvarchar(4000)
-- @to nvarchar(4000)
UPDATE [tenantry].[shard]
SET [incarnation] = @to
WHERE [shard_id] = @shardId AND [incarnation] = @from AND [state] = N'ONLINE' AND [operation_id] IS NULL;
