-- @mapId int
SELECT m.[map_id] AS [mapId], m.[name] AS [name], m.[kind] AS [kind], m.[key_type] AS [keyType], m.[context] AS [context], m.[version] AS [version]
FROM [tenantry].[shard_map] AS m
WHERE m.[map_id] = @mapId;
