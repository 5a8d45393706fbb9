-- @mapId integer
-- @low bytea
select m.mapping_id as "mappingId", m.map_id as "mapId", m.kind, m.low, m.high,
  m.shard_id as "shardId", m.state, m.epoch, m.operation_id as "operationId"
from tenantry.mapping m
where m.map_id = @mapId and m.low = @low;
