-- The entered tenant, null where there is none: eight hex digits with the sign bit flipped.
create function tenantry.current_tenant() returns integer
language sql stable parallel safe
begin atomic
  select case pg_catalog.length(tenantry.context()) when 8
    then ('x' || tenantry.context())::bit(32)::integer # (-2147483648) end;
end;
