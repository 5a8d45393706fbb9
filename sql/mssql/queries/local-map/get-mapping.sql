-- @mappingId int
SELECT m.[mapping_id] AS [mappingId], m.[kind] AS [kind], m.[low] AS [low], m.[high] AS [high], m.[state] AS [state], m.[epoch] AS [epoch],
  m.[token] AS [token]
FROM [tenantry].[local_mapping] AS m
WHERE m.[mapping_id] = @mappingId;
