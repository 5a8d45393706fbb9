-- @mapId int
UPDATE [tenantry].[shard_map]
SET [version] = [version] + 1
OUTPUT inserted.[version] AS [version]
WHERE [map_id] = @mapId;
