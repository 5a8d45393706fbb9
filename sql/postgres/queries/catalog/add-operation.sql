-- No row where the server is not the one that the catalog knows.
-- @operationId uuid
-- @mapId integer
-- @kind text
-- @payload jsonb
-- @state text
-- @leaseMs integer
insert into tenantry.operation (operation_id, map_id, kind, payload, state, lease_until)
select @operationId, @mapId, @kind, @payload, @state, clock_timestamp() + @leaseMs * interval '1 millisecond'
where tenantry.is_known_server();
