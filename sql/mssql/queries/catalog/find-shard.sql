-- @name nvarchar(4000)
SELECT s.[shard_id] AS [shardId], s.[map_id] AS [mapId], s.[name] AS [name], s.[engine] AS [engine], s.[host] AS [host], s.[port] AS [port],
  s.[database] AS [database], s.[tls] AS [tls], s.[incarnation] AS [incarnation], s.[state] AS [state],
  s.[accepted_number] AS [acceptedNumber], s.[override_number] AS [overrideNumber], s.[operation_id] AS [operationId]
FROM [tenantry].[shard] AS s
WHERE s.[name] = @name;
