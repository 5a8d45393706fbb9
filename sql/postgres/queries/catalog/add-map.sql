-- @name text
-- @kind text
-- @keyType text
-- @context text
insert into tenantry.shard_map (name, kind, key_type, context)
values (@name, @kind, @keyType, @context)
on conflict do nothing;
