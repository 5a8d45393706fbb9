-- A range that has some of these keys. No upper end: to the last key.
-- (bytes, length) is the order of keys: schema/catalog/005. Unlike `tenantry.overlapping` it keeps no gap closed: it only tells
-- who is there.
-- @mapId int
-- @low varbinary(128)
-- @high varbinary(128)
SELECT TOP (1) m.[mapping_id] AS [mappingId], m.[map_id] AS [mapId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high],
  m.[shard_id] AS [shardId], m.[state] AS [state], m.[epoch] AS [epoch], m.[operation_id] AS [operationId]
FROM [tenantry].[mapping] AS m
WHERE m.[map_id] = @mapId
  AND (@high IS NULL OR m.[low] < @high OR (m.[low] = @high AND m.[low_length] < DATALENGTH(@high)))
  AND (m.[high] IS NULL OR m.[high] > @low OR (m.[high] = @low AND DATALENGTH(m.[high]) > DATALENGTH(@low)))
ORDER BY m.[low], m.[low_length];
