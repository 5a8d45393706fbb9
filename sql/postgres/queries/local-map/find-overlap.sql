-- Another range that has some of these keys; tombstones have none. No upper end: to the last key.
-- @mappingId integer
-- @low bytea
-- @high bytea
select m.mapping_id as "mappingId", m.kind, m.low, m.high, m.state, m.epoch, m.token
from tenantry.local_mapping m
where m.mapping_id <> @mappingId
  and m.state <> 'MOVED'
  and (@high is null or m.low < @high)
  and (m.high is null or m.high > @low)
order by m.low
limit 1;
