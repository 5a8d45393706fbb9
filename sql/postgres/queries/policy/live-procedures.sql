-- Who may call the named procedures now, one row for each item that the program manages; and what app was given to call that is not
-- named any more, with its arguments, and whether app may still call it.
-- @procedures text
select w."schema" as "schema", w."routine" as "routine", 'rights of ' || coalesce(r.rolname, 'public') as "item",
       string_agg(distinct lower(g.privilege_type) || case when g.is_grantable then ' with grant option' else '' end, ', ') as "definition",
       null as "arguments", null::boolean as "callable"
  from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
  join pg_catalog.pg_namespace n on n.nspname = w."schema"
  join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w."routine"
 cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
  left join pg_catalog.pg_roles r on r.oid = g.grantee
 where g.grantee <> p.proowner and (g.grantee = 0 or r.rolname = 'tenantry_app')
 group by 1, 2, 3
union all
select w."schema", w."routine", 'rights of tenantry_app on its schema',
       case when has_schema_privilege('tenantry_app', n.oid, 'create') then 'create, usage' else 'usage' end,
       null, null
  from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
  join pg_catalog.pg_namespace n on n.nspname = w."schema" and has_schema_privilege('tenantry_app', n.oid, 'usage')
union all
select e.schema_name, e.routine_name, 'rights of tenantry_app', case when f.oid is null then 'given, and gone' else 'execute' end,
       e.arguments, f.oid is not null
  from tenantry.exposed_procedure e
  left join lateral (
    select p.oid
      from pg_catalog.pg_namespace n
      join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = e.routine_name
     where n.nspname = e.schema_name and pg_get_function_identity_arguments(p.oid) = e.arguments
       and exists (select from aclexplode(p.proacl) g where g.grantee = 'tenantry_app'::regrole)) f on true
 where not exists (select from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
                    where w."schema" = e.schema_name and w."routine" = e.routine_name)
