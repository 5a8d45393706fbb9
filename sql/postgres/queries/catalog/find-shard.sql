-- @name text
select s.shard_id as "shardId", s.map_id as "mapId", s.name, s.engine, s.host, s.port, s.database, s.tls,
  s.incarnation, s.state, s.accepted_number as "acceptedNumber", s.override_number as "overrideNumber", s.operation_id as "operationId"
from tenantry.shard s
where s.name = @name;
