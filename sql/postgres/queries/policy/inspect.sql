-- What protects the tables of any database, Tenantry's or not, in parts: a table with the state of its row security, its owner,
-- each policy, and what each role may do. `item` is the name that policy/live-items has for the part, where it has one; `statement`
-- makes the part. Expressions are read by a search path of their own, so that every name in them has its schema.
with pinned as materialized (
  select set_config('search_path', 'pg_catalog', true) as path
), tables as (
  select c.oid, n.nspname::text as "schema", c.relname::text as "table", c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
         format('%I.%I', n.nspname, c.relname) as place
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'tenantry', 'tenantry_watch') and n.nspname not like 'pg\_%'
), policies as (
  select t."schema", t."table", t.place, p.polrelid, p.polname::text as "name",
         case when p.polpermissive then 'permissive' else 'restrictive' end as kind,
         case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end as command,
         (select jsonb_agg(coalesce(r.rolname, 'public') order by r.rolname)
            from unnest(p.polroles) as o (oid) left join pg_catalog.pg_roles r on r.oid = o.oid) as roles,
         (select string_agg(coalesce(quote_ident(r.rolname), 'public'), ', ' order by r.rolname)
            from unnest(p.polroles) as o (oid) left join pg_catalog.pg_roles r on r.oid = o.oid) as quoted_roles,
         case when pinned.path is not null then pg_get_expr(p.polqual, p.polrelid) end as read_test,
         case when pinned.path is not null then pg_get_expr(p.polwithcheck, p.polrelid) end as write_test
    from pinned cross join tables t join pg_catalog.pg_policy p on p.polrelid = t.oid
), rights as (
  select t."schema", t."table", t.place, coalesce(r.rolname, 'public')::text as "name", coalesce(quote_ident(r.rolname), 'public') as quoted,
         g.is_grantable, string_agg(lower(g.privilege_type) || g.suffix, ', ' order by g.suffix, g.privilege_type) as granted
    from tables t
   cross join lateral (select grantee, privilege_type, is_grantable, '' as suffix from aclexplode(t.relacl)
                       union all
                       select e.grantee, e.privilege_type, e.is_grantable, format(' (%I)', a.attname)
                         from pg_catalog.pg_attribute a cross join lateral aclexplode(a.attacl) e
                        where a.attrelid = t.oid and a.attacl is not null) g
    left join pg_catalog.pg_roles r on r.oid = g.grantee
   where g.grantee <> t.relowner and (g.grantee = 0 or r.oid is not null)
   group by 1, 2, 3, 4, 5, 6
)
select t."schema" as "schema", t."table" as "table", 'table' as "part", t."table" as "name", 'row security' as "item",
       jsonb_build_object(
         'owner', r.rolname,
         'rowSecurity', case when t.relrowsecurity and t.relforcerowsecurity then 'forced' when t.relrowsecurity then 'on' else 'off' end,
         'tenantColumn', (select a.attname
                            from policies p join pg_catalog.pg_attribute a on a.attrelid = p.polrelid and a.attnum > 0 and not a.attisdropped
                           where p.polrelid = t.oid and p."name" = 'tenantry_tenant'
                             and p.read_test = '(' || case a.atttypid when 'varchar'::regtype then '(' || quote_ident(a.attname) || ')::text' else quote_ident(a.attname) end
                                 || ' = ( SELECT tenantry.current_tenant() AS current_tenant))'
                           limit 1)) as "details",
       format('alter table %s %s row level security;', t.place, case when t.relrowsecurity then 'enable' else 'disable' end)
         || format(E'\nalter table %s %s row level security;', t.place, case when t.relforcerowsecurity then 'force' else 'no force' end) as "statement"
  from tables t left join pg_catalog.pg_roles r on r.oid = t.relowner
union all
select t."schema", t."table", 'owner', r.rolname, null, '{}', format('alter table %s owner to %I;', t.place, r.rolname)
  from tables t join pg_catalog.pg_roles r on r.oid = t.relowner
union all
select p."schema", p."table", 'policy', p."name", 'policy ' || p."name",
       jsonb_build_object('kind', p.kind, 'command', p.command, 'roles', p.roles, 'using', p.read_test, 'check', p.write_test),
       format('create policy %I on %s as %s for %s to %s%s%s;', p."name", p.place, p.kind, p.command, p.quoted_roles,
              ' using (' || p.read_test || ')', ' with check (' || p.write_test || ')')
  from policies p
union all
select g."schema", g."table", 'rights', g."name", 'rights of ' || g."name",
       jsonb_build_object('rights', g.granted, 'state', case when g.is_grantable then 'granted, to grant' else 'granted' end),
       format('grant %s on table %s to %s%s;', g.granted, g.place, g.quoted, case when g.is_grantable then ' with grant option' else '' end)
  from rights g
 order by 1, 2, 3 desc, 4, 5
