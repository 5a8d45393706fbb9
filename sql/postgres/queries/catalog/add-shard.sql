-- @shardId uuid
-- @mapId integer
-- @name text
-- @engine text
-- @host text
-- @port integer
-- @database text
-- @tls text
-- @state text
-- @operationId uuid
insert into tenantry.shard (shard_id, map_id, name, engine, host, port, database, tls, state, operation_id)
values (@shardId, @mapId, @name, @engine, @host, @port, @database, @tls, @state, @operationId)
on conflict do nothing;
