-- Another range that has some of these keys; tombstones have none. No upper end: to the last key.
-- (bytes, length) is the order of keys: schema/catalog/005.
-- @mappingId int
-- @low varbinary(128)
-- @high varbinary(128)
SELECT TOP (1) m.[mapping_id] AS [mappingId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high], m.[state] AS [state], m.[epoch] AS [epoch],
  m.[token] AS [token]
FROM [tenantry].[local_mapping] AS m
WHERE m.[mapping_id] <> @mappingId
  AND m.[state] <> N'MOVED'
  AND (@high IS NULL OR m.[low] < @high OR (m.[low] = @high AND DATALENGTH(m.[low]) < DATALENGTH(@high)))
  AND (m.[high] IS NULL OR m.[high] > @low OR (m.[high] = @low AND DATALENGTH(m.[high]) > DATALENGTH(@low)))
ORDER BY m.[low];
