-- Why this connection, as this login, may not serve tenants: no row means that it may.
-- @tables text
with recursive login as (
  select r.oid from pg_catalog.pg_roles r where r.rolname = session_user
), become as materialized (
  -- Whom a statement may become by SET ROLE: rights count that the login does not inherit, and so does whom no policy of app binds.
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolreplication, r.rolcreaterole,
         pg_has_role(l.oid, r.oid, 'usage') as inherited, pg_has_role(r.oid, 'tenantry_app', 'usage') as bound
    from login l, pg_catalog.pg_roles r
   where pg_has_role(l.oid, r.oid, 'member')
), acting as materialized (
  select b.oid from become b, login l where b.oid = l.oid or not b.inherited
), routed as materialized (
  select t."name", t."policies", c.oid, c.relrowsecurity and c.relforcerowsecurity as forced, c.relowner, a.attname, a.atttypid
    from jsonb_to_recordset(@tables::jsonb) as t ("name" text, "schema" text, "table" text, "tenantColumn" text, "policies" jsonb)
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
), above as (
  select f."name", i.inhparent as oid from family f join pg_catalog.pg_inherits i on i.inhrelid = f.oid
  union
  select a."name", i.inhparent from above a join pg_catalog.pg_inherits i on i.inhrelid = a.oid
), reached as (
  select t.oid
    from (select f.oid from family f union select a.oid from above a) t
   where not exists (select from routed r where r.oid = t.oid)
     and exists (select from acting a
                  where has_any_column_privilege(a.oid, t.oid, 'select, insert, update') or has_table_privilege(a.oid, t.oid, 'delete, truncate'))
)
select null as "table", 'the login is a superuser, bypasses row-level security or may become a role that does' as "problem"
 where exists (select from become b where b.rolsuper or b.rolbypassrls)
union all
select null, 'the login acts as another role, ' || current_user
 where current_user <> session_user
union all
select null, 'the login is no member of tenantry_app with inherited rights'
  from login l where not pg_has_role(l.oid, 'tenantry_app', 'usage')
union all
select null, 'the login is a member of ' || b.rolname
  from become b
 where b.rolname in ('tenantry_superuser', 'tenantry_mover', 'tenantry_admin', 'tenantry_definer') or b.rolname like 'pg\_%'
union all
select null, 'the login may replicate the server or create roles, or may become a role that does'
 where exists (select from become b where b.rolreplication or b.rolcreaterole)
union all
-- `user_mapping_versions` has no row then; whoever reads it may do so for app, as a view's owner does.
select null, f.ftrelid::regclass || ' is a foreign table, and nobody may see whether a user mapping makes somebody else of who reads it by now; '
               || 'a superuser helps by grant select (oid, xmin) on pg_catalog.pg_user_mapping to tenantry_watcher, or the table has to go'
  from pg_catalog.pg_foreign_table f
 where not has_column_privilege('tenantry_watcher', 'pg_user_mapping'::regclass, 'xmin', 'select')
   and exists (select from pg_catalog.pg_user_mappings m where m.srvid = f.ftserver)
union all
select null, 'the login has rights on the local shard map, which holds the tokens of mappings'
 where exists (select from acting a
                where has_table_privilege(a.oid, 'tenantry.local_mapping', 'select, insert, update, delete, truncate, trigger')
                   or has_any_column_privilege(a.oid, 'tenantry.local_mapping', 'select, insert, update'))
union all
select null, 'the login has rights on the key of the codes by which tenants are known'
 where exists (select from acting a join pg_catalog.pg_class k on k.relnamespace = 'tenantry'::regnamespace and k.relname = 'context_key'
                where has_table_privilege(a.oid, k.oid, 'select, insert, update, delete, truncate, trigger')
                   or has_any_column_privilege(a.oid, k.oid, 'select, insert, update'))
union all
select null, 'the session has a tenant before anybody has entered'
 where tenantry.current_tenant() is not null
union all
-- By settings of the server; what roles and databases set is accepted by name. Neither foreign keys nor capture nor what tells of changes would work.
select null, 'the server runs no triggers, by ' || s.name || ' = ' || s.value
  from (values ('session_replication_role', current_setting('session_replication_role'), 'origin'),
               ('event_triggers', current_setting('event_triggers', true), 'on')) as s (name, value, needed)
 where s.value <> s.needed
union all
select null, 'the login may set backtrace_functions, which keeps the tenant'
 where exists (select from acting a where has_parameter_privilege(a.oid, 'backtrace_functions', 'set'))
union all
select t."name", 'it does not exist, or has no such tenant column'
  from tested t where t.attname is null
union all
select t."name", 'the login owns it'
  from tested t, login l where t.oid is not null and pg_has_role(l.oid, t.relowner, 'member')
union all
-- No policy is asked by TRUNCATE, and a trigger's function has every tenant's rows pass by.
select t."name", 'the login may empty it, or put triggers on it, past its policy'
  from tested t
 where t.oid is not null and exists (select from acting a where has_table_privilege(a.oid, t.oid, 'truncate, trigger'))
union all
select t."name", 'it can be reached as ' || min(b.rolname) || ', whom its policy does not bind'
  from tested t, become b
 where t.oid is not null and not b.bound and b.oid <> (select l.oid from login l)
   and (has_any_column_privilege(b.oid, t.oid, 'select, insert, update') or has_table_privilege(b.oid, t.oid, 'delete'))
 group by t."name"
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
-- The mark on a policy says what it was made from, and what the server had made of it then.
select t."name", 'its policy ' || w."policy" || ' is missing or altered'
  from tested t cross join lateral jsonb_to_recordset(t."policies") as w ("policy" text, "command" text, "rendered" text)
 where t.attname is not null
   and not exists (select from pg_catalog.pg_policy p
                     join pg_catalog.pg_description d on d.objoid = p.oid and d.classoid = 'pg_policy'::regclass and d.objsubid = 0
                    where p.polrelid = t.oid and p.polname = w."policy" and not p.polpermissive
                      and case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end = w."command"
                      and p.polroles = array['tenantry_app'::regrole::oid]
                      and d.description = tenantry.policy_mark(p.oid, w."rendered"))
union all
-- SQL may name a part itself, past the policies of its table: nobody has a right to one.
select f."name", 'its part ' || f.oid::regclass || ' can be reached beside it'
  from family f join reached r on r.oid = f.oid
union all
-- And whoever names a table has the rows of its parts, by the policies of that table alone.
select a."name", 'it can be reached by way of ' || a.oid::regclass || ', of which it is a part'
  from above a join reached r on r.oid = a.oid
 where not exists (select from family f where f.oid = a.oid);
