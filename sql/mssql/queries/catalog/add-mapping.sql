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
  AND NOT EXISTS (
    SELECT 1
    FROM (
      SELECT TOP (1) p.[high]
      FROM [tenantry].[mapping] AS p WITH (UPDLOCK, HOLDLOCK)
      WHERE @kind = N'range' AND p.[map_id] = @mapId
        AND p.[low] <= @low AND NOT (p.[low] = @low AND p.[low_length] > DATALENGTH(@low))
      ORDER BY p.[low] DESC, p.[low_length] DESC
    ) AS before_it
    WHERE before_it.[high] IS NULL OR before_it.[high] > @low
      OR (before_it.[high] = @low AND DATALENGTH(before_it.[high]) > DATALENGTH(@low))
  )
  AND NOT EXISTS (
    SELECT 1
    FROM [tenantry].[mapping] AS n WITH (UPDLOCK, HOLDLOCK)
    WHERE @kind = N'range' AND n.[map_id] = @mapId
      AND n.[low] >= @low AND NOT (n.[low] = @low AND n.[low_length] <= DATALENGTH(@low))
      AND (@high IS NULL OR n.[low] < @high OR (n.[low] = @high AND n.[low_length] < DATALENGTH(@high)))
  );
