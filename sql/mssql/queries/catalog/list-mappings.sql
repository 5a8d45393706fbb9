-- One end of the order of keys, from which an index can be read, whether a page comes before this one or not: with `IS NULL OR` around it
-- every page would be looked for from the map's beginning on.
-- @mapId int
-- @afterLow varbinary(128)
-- @shardId uniqueidentifier
-- @limit int
SELECT TOP (@limit) m.[mapping_id] AS [mappingId], m.[map_id] AS [mapId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high],
  m.[shard_id] AS [shardId], m.[state] AS [state], m.[epoch] AS [epoch], m.[operation_id] AS [operationId]
FROM [tenantry].[mapping] AS m
WHERE m.[map_id] = @mapId
  AND m.[low] >= COALESCE(@afterLow, 0x)
  AND NOT (@afterLow IS NOT NULL AND m.[low] = @afterLow AND m.[low_length] <= DATALENGTH(@afterLow))
  AND (@shardId IS NULL OR m.[shard_id] = @shardId)
ORDER BY m.[low], m.[low_length];
