-- @shardId uuid
-- @map text
-- @keyType text
insert into tenantry.shard_identity (shard_id, map, key_type)
values (@shardId, @map, @keyType)
on conflict do nothing;
