-- Locks the shard's row: a shard being removed has no new mappings.
-- @mappingId integer
-- @mapId integer
-- @kind text
-- @low bytea
-- @high bytea
-- @shardId uuid
-- @state text
-- @epoch bigint
-- @operationId uuid
insert into tenantry.mapping (mapping_id, map_id, kind, low, high, shard_id, state, epoch, operation_id)
select @mappingId, @mapId, @kind, @low, @high, s.shard_id, @state, @epoch, @operationId
from tenantry.shard s
where s.shard_id = @shardId and s.map_id = @mapId and s.state = 'ONLINE' and s.operation_id is null
for share of s
on conflict do nothing;
