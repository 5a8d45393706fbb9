-- @afterId integer
-- @limit integer
select m.mapping_id as "mappingId", m.kind, m.low, m.high, m.state, m.epoch, m.token
from tenantry.local_mapping m
where m.mapping_id > @afterId
order by m.mapping_id
limit @limit;
