-- @by bigint
update tenantry.shard_map
set version = version + @by;
