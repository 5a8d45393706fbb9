-- The entered tenant, null where there is none: eight hex digits with the sign bit flipped.
create function tenantry.current_tenant() returns integer
language sql stable parallel safe
begin atomic
  select case when tenantry.context() like 'tenantry\_________'
    then ('x' || pg_catalog.substr(tenantry.context(), 10))::bit(32)::integer # (-2147483648) end;
end;
