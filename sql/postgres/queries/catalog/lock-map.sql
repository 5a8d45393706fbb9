-- @mapId integer
select m.map_id as "mapId", m.name, m.kind, m.key_type as "keyType", m.context, m.version
from tenantry.shard_map m
where m.map_id = @mapId
for no key update;
