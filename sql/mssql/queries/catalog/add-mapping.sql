-- The shard's row stays locked (REPEATABLEREAD: also where reads take no locks): a shard being removed has no new mappings.
-- No row where a key of the mapping is taken. What is looked at stays as it is until the transaction ends (HOLDLOCK keeps the gaps
-- too), and only one looks at a time (UPDLOCK: two that held a gap shared would both wait to fill it).
-- @mappingId int
-- @mapId int
-- @kind nvarchar(4000)
-- @low varbinary(128)
-- @high varbinary(128)
-- @shardId uniqueidentifier
-- @state nvarchar(4000)
-- @epoch bigint
-- @operationId uniqueidentifier
INSERT INTO [tenantry].[mapping]
  ([mapping_id], [map_id], [kind], [low], [low_length], [high], [shard_id], [state], [epoch], [operation_id])
SELECT @mappingId, @mapId, @kind, @low, DATALENGTH(@low), @high, s.[shard_id], @state, @epoch, @operationId
FROM [tenantry].[shard] AS s WITH (REPEATABLEREAD, ROWLOCK)
WHERE s.[shard_id] = @shardId AND s.[map_id] = @mapId AND s.[state] = N'ONLINE' AND s.[operation_id] IS NULL
  AND NOT EXISTS (SELECT 1 FROM [tenantry].[mapping] AS m WITH (UPDLOCK, HOLDLOCK) WHERE m.[mapping_id] = @mappingId)
  AND NOT EXISTS (
    SELECT 1
    FROM [tenantry].[mapping] AS m WITH (UPDLOCK, HOLDLOCK)
    WHERE m.[map_id] = @mapId AND m.[low] = @low AND m.[low_length] = DATALENGTH(@low)
  )
  AND NOT EXISTS (SELECT 1 FROM [tenantry].[overlapping](@mapId, @mappingId, @low, @high) AS o WHERE @kind = N'range');
