-- UPDLOCK: who wants to change the map waits, who refers to it by a foreign key does not. Its present state is read, also where
-- reads take no locks but look at row versions.
-- @mapId int
SELECT m.[map_id] AS [mapId], m.[name] AS [name], m.[kind] AS [kind], m.[key_type] AS [keyType], m.[context] AS [context], m.[version] AS [version]
FROM [tenantry].[shard_map] AS m WITH (UPDLOCK, ROWLOCK)
WHERE m.[map_id] = @mapId;
