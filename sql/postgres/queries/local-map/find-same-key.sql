-- Another mapping that begins with this key; tombstones have none.
-- @mappingId integer
-- @low bytea
select m.mapping_id as "mappingId", m.kind, m.low, m.high, m.state, m.epoch, m.token
from tenantry.local_mapping m
where m.mapping_id <> @mappingId and m.state <> 'MOVED' and m.low = @low
limit 1;
