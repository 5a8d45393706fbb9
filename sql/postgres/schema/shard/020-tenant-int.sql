-- The entered tenant, null where there is none: eight hex digits with the sign bit flipped, as a
-- bit string that starts with x; a context of another length is an error (`false`: not an explicit cast, which would cut it).
create function tenantry.current_tenant() returns integer
language sql stable parallel safe
begin atomic
  select pg_catalog.bit(
    nullif(pg_catalog.split_part(tenantry.context(), 'tenantry_', 2), '')::pg_catalog.bit, 32, false)::integer # (-2147483648);
end;

-- The key of a tenant as mappings have it.
create function tenantry.encoded_key(tenant integer) returns bytea
language sql immutable parallel safe
begin atomic
  select pg_catalog.int4send(tenant # (-2147483648));
end;
grant execute on function tenantry.encoded_key(integer) to tenantry_definer;
