-- @mapId int
SELECT s.[shard_id] AS [shardId], s.[name] AS [shard], m.[state] AS [state], COUNT_BIG(*) AS [mappings]
FROM [tenantry].[mapping] AS m
JOIN [tenantry].[shard] AS s ON s.[shard_id] = m.[shard_id]
WHERE m.[map_id] = @mapId
GROUP BY s.[shard_id], s.[name], m.[state]
ORDER BY s.[name], m.[state];
