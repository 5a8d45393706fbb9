-- @mapId int
-- @high varbinary(128)
SELECT m.[mapping_id] AS [mappingId], m.[map_id] AS [mapId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high],
  m.[shard_id] AS [shardId], m.[state] AS [state], m.[epoch] AS [epoch], m.[operation_id] AS [operationId]
FROM [tenantry].[mapping] AS m
WHERE m.[map_id] = @mapId AND m.[high] = @high AND DATALENGTH(m.[high]) = DATALENGTH(@high);
