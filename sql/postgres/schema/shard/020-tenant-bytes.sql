-- The entered tenant, null where there is none: as many bytes as hex says.
create function tenantry.current_tenant() returns bytea
language sql stable parallel safe
begin atomic
  select pg_catalog.decode(nullif(pg_catalog.split_part(tenantry.context(), 'tenantry_x', 2), ''), 'hex');
end;

-- The key of a tenant as mappings have it.
create function tenantry.encoded_key(tenant bytea) returns bytea
language sql immutable parallel safe
begin atomic
  select tenant;
end;
grant execute on function tenantry.encoded_key(bytea) to tenantry_definer;
