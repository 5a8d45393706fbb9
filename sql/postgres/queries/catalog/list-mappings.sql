-- @mapId integer
-- @afterLow bytea
-- @shardId uuid
-- @limit integer
select m.mapping_id as "mappingId", m.map_id as "mapId", m.kind, m.low, m.high,
  m.shard_id as "shardId", m.state, m.epoch, m.operation_id as "operationId"
from tenantry.mapping m
where m.map_id = @mapId
  and (@afterLow is null or m.low > @afterLow)
  and (@shardId is null or m.shard_id = @shardId)
order by m.low
limit @limit;
