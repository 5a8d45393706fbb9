-- @operationId uuid
select o.operation_id as "operationId", o.map_id as "mapId", o.kind, o.payload, o.state, o.generation,
  cast(greatest(0, ceil(1000 * extract(epoch from o.lease_until - clock_timestamp()))) as bigint) as "leaseLeftMs"
from tenantry.operation o
where o.operation_id = @operationId;
