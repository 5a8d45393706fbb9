-- The entered tenant, null where there is none: sixteen hex digits with the sign bit flipped.
create function tenantry.current_tenant() returns bigint
language sql stable parallel safe
begin atomic
  select case when tenantry.context() like 'tenantry\_________________'
    then ('x' || pg_catalog.substr(tenantry.context(), 10))::bit(64)::bigint # (-9223372036854775808) end;
end;
