-- Who may call the named procedures now, one row for each item that the program manages.
-- @procedures text
select w."schema" as "schema", w."routine" as "routine", 'rights of ' || coalesce(r.rolname, 'public') as "item",
       string_agg(distinct lower(g.privilege_type) || case when g.is_grantable then ' with grant option' else '' end, ', ') as "definition"
  from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
  join pg_catalog.pg_namespace n on n.nspname = w."schema"
  join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w."routine"
 cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
  left join pg_catalog.pg_roles r on r.oid = g.grantee
 where g.grantee <> p.proowner and (g.grantee = 0 or r.rolname = 'tenantry_app')
 group by 1, 2, 3
union all
select w."schema", w."routine", 'rights of tenantry_app on its schema',
       case when has_schema_privilege('tenantry_app', n.oid, 'create') then 'create, usage' else 'usage' end
  from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
  join pg_catalog.pg_namespace n on n.nspname = w."schema" and has_schema_privilege('tenantry_app', n.oid, 'usage')
