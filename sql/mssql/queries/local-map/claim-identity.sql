-- UPDLOCK and HOLDLOCK: of two that claim the shard at once the second waits, and then finds it claimed.
-- @shardId uniqueidentifier
-- @map nvarchar(4000)
-- @keyType nvarchar(4000)
INSERT INTO [tenantry].[shard_identity] ([shard_id], [map], [key_type])
SELECT @shardId, @map, @keyType
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[shard_identity] WITH (UPDLOCK, HOLDLOCK));
