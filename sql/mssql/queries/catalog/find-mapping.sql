-- The mapping that begins last at or before the key; the caller looks whether the key lies in it.
-- @mapId int
-- @key varbinary(128)
SELECT TOP (1) m.[mapping_id] AS [mappingId], m.[map_id] AS [mapId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high],
  m.[shard_id] AS [shardId], m.[state] AS [state], m.[epoch] AS [epoch], m.[operation_id] AS [operationId]
FROM [tenantry].[mapping] AS m
WHERE m.[map_id] = @mapId AND m.[low] <= @key AND NOT (m.[low] = @key AND m.[low_length] > DATALENGTH(@key))
ORDER BY m.[low] DESC, m.[low_length] DESC;
