-- The entered tenant, null where there is none: UTF-8. Compared by bytes: tenant columns have a deterministic collation.
create function tenantry.current_tenant() returns text
language sql stable parallel safe
begin atomic
  select pg_catalog.convert_from(pg_catalog.decode(nullif(pg_catalog.split_part(tenantry.context(), 'tenantry_x', 2), ''), 'hex'), 'UTF8');
end;

-- The key of a tenant as mappings have it.
create function tenantry.encoded_key(tenant text) returns bytea
language sql stable parallel safe
begin atomic
  select pg_catalog.convert_to(tenant, 'UTF8');
end;
grant execute on function tenantry.encoded_key(text) to tenantry_definer;
