-- @operationId uuid
-- @mapId integer
-- @kind text
-- @payload jsonb
-- @state text
-- @leaseMs integer
insert into tenantry.operation (operation_id, map_id, kind, payload, state, lease_until)
values (@operationId, @mapId, @kind, @payload, @state, clock_timestamp() + @leaseMs * interval '1 millisecond');
