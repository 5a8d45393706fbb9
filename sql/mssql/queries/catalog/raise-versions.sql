-- @by bigint
UPDATE [tenantry].[shard_map]
SET [version] = [version] + @by;
