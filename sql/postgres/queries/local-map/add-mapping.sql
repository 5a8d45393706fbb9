-- @mappingId integer
-- @kind text
-- @low bytea
-- @high bytea
-- @state text
-- @epoch bigint
-- @token bytea
insert into tenantry.local_mapping (mapping_id, kind, low, high, state, epoch, token)
values (@mappingId, @kind, @low, @high, @state, @epoch, @token)
on conflict (mapping_id) do nothing;
