-- A range that has some of these keys. No upper end: to the last key.
-- @mapId integer
-- @low bytea
-- @high bytea
select m.mapping_id as "mappingId", m.map_id as "mapId", m.kind, m.low, m.high,
  m.shard_id as "shardId", m.state, m.epoch, m.operation_id as "operationId"
from tenantry.mapping m
where m.map_id = @mapId
  and (@high is null or m.low < @high)
  and (m.high is null or m.high > @low)
order by m.low
limit 1;
