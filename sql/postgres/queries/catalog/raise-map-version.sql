-- @mapId integer
update tenantry.shard_map
set version = version + 1
where map_id = @mapId
returning version;
