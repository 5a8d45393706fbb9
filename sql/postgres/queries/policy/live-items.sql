-- What protects the tables now, one row for each item that the program manages, in words that are compared with what is
-- wanted. Expressions are compared as the server writes them back; the tenant's is shown as `tenant`.
-- @tables text
with wanted as (
  select c.oid, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner, t."schema", t."table", t."tenantColumn", t."key",
         '(' || case a.atttypid when 'varchar'::regtype then '(' || quote_ident(a.attname) || ')::text' else quote_ident(a.attname) end
             || ' = ( SELECT tenantry.current_tenant() AS current_tenant))' as tenant_test,
         a.attnum
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text, "key" jsonb)
    join pg_catalog.pg_namespace n on n.nspname = t."schema"
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table"
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = t."tenantColumn" and a.attnum > 0 and not a.attisdropped
), expression as (
  select p.oid, w."schema", w."table", p.polname, p.polpermissive, p.polcmd, p.polroles,
         coalesce(pg_get_expr(p.polqual, p.polrelid), 'none') as read_test,
         coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'none') as write_test,
         w.tenant_test, mark.rendered,
         mark.rendered is not null and mark.comment = tenantry.policy_mark(p.oid, mark.rendered) as as_rendered
    from wanted w join pg_catalog.pg_policy p on p.polrelid = w.oid
    left join lateral (select d.description as comment, substring(d.description from '^tenantry ([0-9a-f]{32}) ') as rendered
                         from pg_catalog.pg_description d
                        where d.objoid = p.oid and d.classoid = 'pg_policy'::regclass and d.objsubid = 0) mark on true
   where p.polname like 'tenantry\_%'
)
select w."schema" as "schema", w."table" as "table", 'row security' as "item",
       case when w.relrowsecurity and w.relforcerowsecurity then 'forced' when w.relrowsecurity then 'enabled' else 'off' end as "definition"
  from wanted w
union all
select e."schema", e."table", 'policy ' || e.polname,
       format('%s %s to %s %s',
              case when e.polpermissive then 'permissive' else 'restrictive' end,
              case e.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
              (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname)
                 from unnest(e.polroles) as o (oid) left join pg_catalog.pg_roles r on r.oid = o.oid),
              case when e.as_rendered then 'as rendered ' || e.rendered
                   else format('using %s check %s', case e.read_test when e.tenant_test then 'tenant' else e.read_test end,
                               case e.write_test when e.tenant_test then 'tenant' else e.write_test end) end)
  from expression e
union all
select w."schema", w."table", 'model', m.model
  from wanted w join tenantry.policy_model m on m.schema_name = w."schema" and m.table_name = w."table"
union all
select w."schema", w."table", 'default', pg_get_expr(d.adbin, d.adrelid)
  from wanted w join pg_catalog.pg_attrdef d on d.adrelid = w.oid and d.adnum = w.attnum
union all
-- Those of partitions come and go with their table's, but for being switched off.
select w."schema", w."table", 'capture ' || o.operation,
       case when pg_get_triggerdef(t.oid) <> o.made then pg_get_triggerdef(t.oid)
            when t.tgenabled <> 'O' then 'switched ' || case t.tgenabled when 'D' then 'off' when 'R' then 'on for replicas alone' else 'on for replicas, too' end
            when p.name is not null then 'not as it was made on partition ' || p.name
            else o.definition end
  from wanted w
  join pg_catalog.pg_trigger t on t.tgrelid = w.oid and t.tgparentid = 0
  join lateral (
    select f.operation,
           format(f.form, 'tenantry_capture_' || f.operation, upper(f.operation), format('%I.%I', w."schema", w."table"), k.columns) as made,
           format(f.words, w."tenantColumn", k.names) as definition
      from (select string_agg('''' || replace(c.name, '''', '''''') || '''', ', ' order by c.place) as columns,
                   coalesce(string_agg(c.name, ', ' order by c.place) filter (where c.place > 0), 'none') as names
              from (select w."tenantColumn" as name, 0 as place
                    union all
                    select e.name, e.place from jsonb_array_elements_text(w."key") with ordinality e (name, place)) c) k
     cross join (
       select v.operation, 'by %s, key %s' as words,
              'CREATE TRIGGER %s AFTER %s ON %s FOR EACH ROW WHEN (tenantry.may_be_captured()) EXECUTE FUNCTION tenantry.capture_change(%s)' as form
         from (values ('insert'), ('update'), ('delete')) v (operation)
       union all
       select 'truncate', 'refused', 'CREATE TRIGGER %s BEFORE %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_truncate()') f) o
    on t.tgname = 'tenantry_capture_' || o.operation
  left join lateral (
    with recursive clone as (
      select c.oid, c.tgrelid, c.tgenabled from pg_catalog.pg_trigger c where c.tgparentid = t.oid
      union all
      select c.oid, c.tgrelid, c.tgenabled from clone u join pg_catalog.pg_trigger c on c.tgparentid = u.oid
    )
    select min(u.tgrelid::regclass::text) as name from clone u where u.tgenabled <> 'O') p on true
union all
select w."schema", w."table", 'rights of ' || coalesce(r.rolname, 'public'),
       string_agg(lower(g.privilege_type) || g.suffix || case when g.is_grantable then ' with grant option' else '' end, ', ' order by g.suffix, g.privilege_type)
  from wanted w
 cross join lateral (select grantee, privilege_type, is_grantable, '' as suffix from aclexplode(coalesce(w.relacl, acldefault('r', w.relowner)))
                     union all
                     select e.grantee, e.privilege_type, e.is_grantable, ' (' || a.attname || ')'
                       from pg_catalog.pg_attribute a cross join lateral aclexplode(a.attacl) e
                      where a.attrelid = w.oid and a.attacl is not null) g
  left join pg_catalog.pg_roles r on r.oid = g.grantee
 where g.grantee <> w.relowner and (g.grantee = 0 or r.rolname in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover'))
 group by 1, 2, 3
union all
select w."schema", w."table", format('rights of %s on sequence %s', r.rolname, s.relname), string_agg(lower(g.privilege_type), ', ' order by g.privilege_type)
  from wanted w
  join pg_catalog.pg_depend d on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = w.oid and d.deptype = 'a'
  join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
 cross join lateral aclexplode(s.relacl) g
  join pg_catalog.pg_roles r on r.oid = g.grantee and r.rolname in ('tenantry_app', 'tenantry_mover')
 group by 1, 2, 3
union all
select w."schema", w."table", format('rights of %s on its schema', r.rolname),
       case when has_schema_privilege(r.oid, w."schema", 'create') then 'create, usage' else 'usage' end
  from wanted w
 cross join pg_catalog.pg_roles r
 where r.rolname in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover') and has_schema_privilege(r.oid, w."schema", 'usage')
