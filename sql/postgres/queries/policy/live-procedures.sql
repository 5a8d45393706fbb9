-- Who may call the named procedures now, one row for each item that the program manages; and what app was given to call that is not named
-- any more, as it is called now, with its arguments, whether app may still call it, and what was noted when it was given. One that is found
-- neither by its number nor by its name and arguments is taken to be whatever has its name.
-- @procedures text
-- json: given
with configured as (
  select w."schema", w."routine" from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
)
select w."schema" as "schema", w."routine" as "routine", 'rights of ' || coalesce(r.rolname, 'public') as "item",
       string_agg(distinct lower(g.privilege_type) || case when g.is_grantable then ' with grant option' else '' end, ', ') as "definition",
       null as "arguments", null::boolean as "callable", null::jsonb as "given"
  from configured w
  join pg_catalog.pg_namespace n on n.nspname = w."schema"
  join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w."routine"
 cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
  left join pg_catalog.pg_roles r on r.oid = g.grantee
 where g.grantee <> p.proowner and (g.grantee = 0 or r.rolname = 'tenantry_app')
 group by 1, 2, 3
union all
select w."schema", w."routine", 'rights of tenantry_app on its schema',
       case when has_schema_privilege('tenantry_app', n.oid, 'create') then 'create, usage' else 'usage' end,
       null, null, null
  from configured w
  join pg_catalog.pg_namespace n on n.nspname = w."schema" and has_schema_privilege('tenantry_app', n.oid, 'usage')
union all
select coalesce(f.nspname, e.schema_name), coalesce(f.proname, e.routine_name), 'rights of tenantry_app',
       case when f.oid is null then 'gone' else 'execute' end,
       coalesce(pg_get_function_identity_arguments(f.oid), e.arguments), f.oid is not null,
       jsonb_build_object('schema', e.schema_name, 'routine', e.routine_name, 'arguments', e.arguments, 'id', e.routine_id::text)
  from tenantry.exposed_procedure e
  left join lateral (
    select p.oid, n.nspname, p.proname,
           rank() over (order by p.oid::bigint = e.routine_id
                              or (n.nspname = e.schema_name and p.proname = e.routine_name and pg_get_function_identity_arguments(p.oid) = e.arguments) desc) as place
      from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname not in ('tenantry', 'tenantry_watch')
     where (p.oid::bigint = e.routine_id or (n.nspname = e.schema_name and p.proname = e.routine_name))
       and exists (select from aclexplode(p.proacl) g where g.grantee = 'tenantry_app'::regrole)
       and not exists (select from configured w where w."schema" = n.nspname and w."routine" = p.proname)) f on f.place = 1
 where f.oid is not null
    or not exists (select from configured w where w."schema" = e.schema_name and w."routine" = e.routine_name)
