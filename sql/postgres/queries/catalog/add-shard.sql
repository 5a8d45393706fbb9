-- @shardId uuid
-- @mapId integer
-- @name text
-- @engine text
-- @host text
-- @port integer
-- @database text
-- @tls text
-- @state text
-- @acceptedNumber bigint
-- @overrideNumber bigint
-- @operationId uuid
insert into tenantry.shard
  (shard_id, map_id, name, engine, host, port, database, tls, state, accepted_number, override_number, operation_id)
values
  (@shardId, @mapId, @name, @engine, @host, @port, @database, @tls, @state, @acceptedNumber, @overrideNumber, @operationId)
on conflict do nothing;
