-- Why this connection, as this login, may not serve tenants: no row means that it may.
-- @tables text
with recursive login as (
  select r.oid, r.rolsuper, r.rolbypassrls from pg_catalog.pg_roles r where r.rolname = session_user
), routed as (
  select t."name", c.oid, c.relrowsecurity and c.relforcerowsecurity as forced, c.relowner, a.attname, a.atttypid
    from jsonb_to_recordset(@tables::jsonb) as t ("name" text, "schema" text, "table" text, "tenantColumn" text)
    left join pg_catalog.pg_namespace n on n.nspname = t."schema"
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = t."tenantColumn" and a.attnum > 0 and not a.attisdropped
), tested as (
  select r.*, '(' || case r.atttypid when 'varchar'::regtype then '(' || quote_ident(r.attname) || ')::text' else quote_ident(r.attname) end
             || ' = ( SELECT tenantry.current_tenant() AS current_tenant))' as tenant_test
    from routed r
), family as (
  select r."name", r.oid from routed r where r.oid is not null
  union
  select f."name", i.inhrelid
    from family f join pg_catalog.pg_inherits i on i.inhparent = f.oid
   where not exists (select from routed o where o.oid = i.inhrelid)
)
select null as "table", 'the login is a superuser, bypasses row-level security or may become a role that does' as "problem"
  from login l
 where exists (select from pg_catalog.pg_roles r where (r.rolsuper or r.rolbypassrls) and pg_has_role(l.oid, r.oid, 'member'))
union all
select null, 'the login acts as another role, ' || current_user
 where current_user <> session_user
union all
select null, 'the login is no member of tenantry_app with inherited rights'
  from login l where not pg_has_role(l.oid, 'tenantry_app', 'usage')
union all
select null, 'the login is a member of ' || r.rolname
  from login l, pg_catalog.pg_roles r
 where (r.rolname in ('tenantry_superuser', 'tenantry_mover', 'tenantry_admin', 'tenantry_definer') or r.rolname like 'pg\_%')
   and pg_has_role(l.oid, r.oid, 'member')
union all
select null, 'the login may replicate the server or create roles, or may become a role that does'
  from login l
 where exists (select from pg_catalog.pg_roles r where (r.rolreplication or r.rolcreaterole) and pg_has_role(l.oid, r.oid, 'member'))
union all
select null, 'the login has rights on the local shard map, which holds the tokens of mappings'
  from login l
 where has_table_privilege(l.oid, 'tenantry.local_mapping', 'select, insert, update, delete, truncate')
    or has_any_column_privilege(l.oid, 'tenantry.local_mapping', 'select, insert, update')
union all
select null, 'the session has a tenant before anybody has entered'
 where tenantry.current_tenant() is not null
union all
select null, 'the login may set backtrace_functions, which keeps the tenant'
  from login l where has_parameter_privilege(l.oid, 'backtrace_functions', 'set')
union all
select t."name", 'it does not exist, or has no such tenant column'
  from tested t where t.attname is null
union all
select t."name", 'the login owns it'
  from tested t, login l where t.oid is not null and pg_has_role(l.oid, t.relowner, 'member')
union all
select t."name", 'row-level security is not enabled and forced'
  from tested t where t.attname is not null and not t.forced
union all
select t."name", 'its policy tenantry_tenant is missing or altered'
  from tested t
 where t.attname is not null
   and not exists (select from pg_catalog.pg_policy p
                    where p.polrelid = t.oid and p.polname = 'tenantry_tenant' and not p.polpermissive and p.polcmd = '*'
                      and p.polroles = array['tenantry_app'::regrole::oid]
                      and pg_get_expr(p.polqual, p.polrelid) = t.tenant_test and pg_get_expr(p.polwithcheck, p.polrelid) = t.tenant_test)
union all
-- SQL may name a part itself, past the policies of its table: nobody has a right to one.
select f."name", 'its part ' || f.oid::regclass || ' can be reached beside it'
  from family f, login l
 where not exists (select from routed r where r.oid = f.oid)
   and (has_any_column_privilege(l.oid, f.oid, 'select, insert, update') or has_table_privilege(l.oid, f.oid, 'delete, truncate'))
