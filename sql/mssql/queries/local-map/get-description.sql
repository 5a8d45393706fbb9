-- One row; without an identity where the database is not yet, or no more, a shard of a map.
SELECT v.[version] AS [schemaVersion], i.[shard_id] AS [shardId], i.[map] AS [map], i.[key_type] AS [keyType]
FROM [tenantry].[schema_version] AS v
LEFT JOIN [tenantry].[shard_identity] AS i ON i.[shard_id] IS NOT NULL;
