-- The entered tenant, null where there is none: sixteen hex digits with the sign bit flipped, as a
-- bit string that starts with x; a context of another length is an error (`false`: not an explicit cast, which would cut it).
create function tenantry.current_tenant() returns bigint
language sql stable parallel safe
begin atomic
  select pg_catalog.bit(
    nullif(pg_catalog.split_part(tenantry.context(), 'tenantry_', 2), '')::pg_catalog.bit, 64, false)::bigint # (-9223372036854775808);
end;

-- The key of a tenant as mappings have it.
create function tenantry.encoded_key(tenant bigint) returns bytea
language sql immutable parallel safe
begin atomic
  select pg_catalog.int8send(tenant # (-9223372036854775808));
end;
grant execute on function tenantry.encoded_key(bigint) to tenantry_definer;
