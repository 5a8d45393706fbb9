-- @mapId integer
select s.shard_id as "shardId", s.name as "shard", m.state, count(*) as "mappings"
from tenantry.mapping m
join tenantry.shard s on s.shard_id = m.shard_id
where m.map_id = @mapId
group by s.shard_id, s.name, m.state
order by s.name, m.state;
