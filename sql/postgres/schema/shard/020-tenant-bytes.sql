-- The entered tenant, null where there is none.
create function tenantry.current_tenant() returns bytea
language sql stable parallel safe
begin atomic
  select pg_catalog.decode(nullif(tenantry.context(), ''), 'hex');
end;
