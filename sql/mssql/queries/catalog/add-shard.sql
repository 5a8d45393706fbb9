-- No row where the id, the name or the address is taken. UPDLOCK and HOLDLOCK: of two that add it at once the second waits and
-- then finds it.
-- @shardId uniqueidentifier
-- @mapId int
-- @name nvarchar(4000)
-- @engine nvarchar(4000)
-- @host nvarchar(4000)
-- @port int
-- @database nvarchar(4000)
-- @tls nvarchar(4000)
-- @state nvarchar(4000)
-- @acceptedNumber bigint
-- @overrideNumber bigint
-- @operationId uniqueidentifier
INSERT INTO [tenantry].[shard] (
  [shard_id], [map_id], [name], [engine], [host], [port], [database], [tls], [state], [accepted_number], [override_number], [operation_id]
)
SELECT @shardId, @mapId, @name, @engine, @host, @port, @database, @tls, @state, @acceptedNumber, @overrideNumber, @operationId
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[shard] AS s WITH (UPDLOCK, HOLDLOCK) WHERE s.[shard_id] = @shardId)
  AND NOT EXISTS (SELECT 1 FROM [tenantry].[shard] AS s WITH (UPDLOCK, HOLDLOCK) WHERE s.[name] = @name)
  AND NOT EXISTS (
    SELECT 1
    FROM [tenantry].[shard] AS s WITH (UPDLOCK, HOLDLOCK)
    WHERE s.[engine] = @engine AND s.[host] = @host AND s.[port] = @port AND s.[database] = @database
  );
