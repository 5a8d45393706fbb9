-- Another mapping that begins with this key; tombstones have none.
-- @mappingId int
-- @low varbinary(128)
SELECT TOP (1) m.[mapping_id] AS [mappingId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high], m.[state] AS [state], m.[epoch] AS [epoch],
  m.[token] AS [token]
FROM [tenantry].[local_mapping] AS m
WHERE m.[mapping_id] <> @mappingId AND m.[state] <> N'MOVED' AND m.[low] = @low AND DATALENGTH(m.[low]) = DATALENGTH(@low);
