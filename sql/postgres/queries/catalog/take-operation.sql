-- @operationId uuid
-- @generation bigint
-- @leaseMs integer
update tenantry.operation o
set generation = o.generation + 1,
  lease_until = clock_timestamp() + @leaseMs * interval '1 millisecond',
  changed_at = clock_timestamp()
where o.operation_id = @operationId
  and o.generation = @generation
  and o.lease_until <= clock_timestamp()
  and o.state not in ('DONE', 'UNDONE')
returning o.operation_id as "operationId", o.map_id as "mapId", o.kind, o.payload, o.state, o.generation,
  cast(greatest(0, ceil(1000 * extract(epoch from o.lease_until - clock_timestamp()))) as bigint) as "leaseLeftMs";
