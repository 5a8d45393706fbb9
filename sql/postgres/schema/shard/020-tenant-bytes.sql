-- The entered tenant, null where there is none: as many bytes as hex says.
create function tenantry.current_tenant() returns bytea
language sql stable parallel safe
begin atomic
  select case when tenantry.context() like 'tenantry\__%'
    then pg_catalog.decode(pg_catalog.substr(tenantry.context(), 10), 'hex') end;
end;
