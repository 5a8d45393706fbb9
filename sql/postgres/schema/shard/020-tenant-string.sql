-- The entered tenant, null where there is none: UTF-8. Compared by bytes: tenant columns have a deterministic collation.
create function tenantry.current_tenant() returns text
language sql stable parallel safe
begin atomic
  select case when tenantry.context() like 'tenantry\__%'
    then pg_catalog.convert_from(pg_catalog.decode(pg_catalog.substr(tenantry.context(), 10), 'hex'), 'UTF8') end;
end;
