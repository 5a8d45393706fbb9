-- The entered tenant, null where there is none: UTF-8. Compared by bytes: tenant columns have a deterministic collation.
create function tenantry.current_tenant() returns text
language sql stable parallel safe
begin atomic
  select pg_catalog.convert_from(pg_catalog.decode(nullif(pg_catalog.split_part(tenantry.context(), 'tenantry_x', 2), ''), 'hex'), 'UTF8');
end;
