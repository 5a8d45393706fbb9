-- The entered tenant, null where there is none: thirty-two hex digits, the bytes in SQL Server's order of comparison: the
-- last six first, then the two before them, then the first eight backwards.
create function tenantry.current_tenant() returns uuid
language sql stable parallel safe
begin atomic
  select case when pg_catalog.split_part(tenantry.context(), 'tenantry_x', 2) like '________________________________'
    then (pg_catalog.regexp_replace(
      pg_catalog.substr(tenantry.context(), 23, 20),
      '^(....)(..)(..)(..)(..)(..)(..)(..)(..)$', '\9\8\7\6\5\4\3\2\1')
      || pg_catalog.substr(tenantry.context(), 11, 12))::uuid end;
end;
