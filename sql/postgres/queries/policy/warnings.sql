-- What may undo the protection of the configured tables, or cannot be done with them, one row for each; `remedy` is SQL
-- where SQL helps, `drift` what an entry of `drift` in the configuration names that accepts it.
-- @tables text
with recursive configured as (
  select n.nspname::text as "schema", c.relname::text as "table", c.oid, a.attnum
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
    join pg_catalog.pg_namespace n on n.nspname = t."schema"
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = t."tenantColumn" and a.attnum > 0 and not a.attisdropped
), routed as (
  select * from configured where attnum is not null
), family as (
  select oid from configured
  union
  select i.inhrelid from family f join pg_catalog.pg_inherits i on i.inhparent = f.oid
), protected as (
  select oid from routed
  union
  select i.inhrelid from protected f join pg_catalog.pg_inherits i on i.inhparent = f.oid
), reader as (
  select r.ev_class as oid from routed t
    join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.classid = 'pg_rewrite'::regclass
    join pg_catalog.pg_rewrite r on r.oid = d.objid
  union
  select r.ev_class from reader v
    join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid and d.classid = 'pg_rewrite'::regclass
    join pg_catalog.pg_rewrite r on r.oid = d.objid and r.ev_class <> v.oid
), worded as (
  -- Names in quotes are columns. Comments count.
  select s."schema", s."table", coalesce(m.words[1], m.words[2]) as word, s.place
    from (select n.nspname as "schema", c.relname as "table", 'policy ' || p.polname as place,
                 concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) as body
            from protected f
            join pg_catalog.pg_policy p on p.polrelid = f.oid and p.polname not like 'tenantry\_%'
            join pg_catalog.pg_class c on c.oid = f.oid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          union all
          select n.nspname, v.relname, null, pg_get_viewdef(v.oid)
            from pg_catalog.pg_class v
            join pg_catalog.pg_namespace n on n.oid = v.relnamespace
           where v.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema', 'tenantry', 'tenantry_watch')
             and has_any_column_privilege('tenantry_app', v.oid, 'select')
          union all
          select n.nspname, p.proname, null, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
            from pg_catalog.pg_proc p
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
           where p.prokind = 'f' and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
             and n.nspname not in ('pg_catalog', 'information_schema', 'tenantry', 'tenantry_watch')
             and has_function_privilege('tenantry_app', p.oid, 'execute')) s
   cross join lateral regexp_matches(s.body,
     '(?:^|[^"\w])(session_user|system_user|pg_backend_pid|inet_client_addr|inet_client_port|pg_stat_activity|pg_stat_get_activity)(?!["\w])|(current_setting\s*\(\s*''(?:role|application_name|session_authorization)'')',
     'gi') as m (words)
), running as (
  -- What calls functions for whoever reads or writes their rows.
  select 'pg_trigger'::regclass as class, t.oid from family f join pg_catalog.pg_trigger t on t.tgrelid = f.oid
  union all
  select 'pg_attrdef', d.oid from family f join pg_catalog.pg_attrdef d on d.adrelid = f.oid
  union all
  select 'pg_constraint', k.oid from family f join pg_catalog.pg_constraint k on k.conrelid = f.oid
  union all
  select 'pg_policy', p.oid from family f join pg_catalog.pg_policy p on p.polrelid = f.oid
  union all
  select 'pg_rewrite', w.oid from family f join pg_catalog.pg_rewrite w on w.ev_class = f.oid
  union all
  select 'pg_class', i.indexrelid from family f join pg_catalog.pg_index i on i.indrelid = f.oid
), app as (
  -- What a statement of app may become.
  select distinct r.oid
    from pg_catalog.pg_roles a
    join pg_catalog.pg_roles r on pg_has_role(a.oid, r.oid, 'member')
   where a.rolname = 'tenantry_app' or (a.rolcanlogin and not a.rolsuper and pg_has_role(a.oid, 'tenantry_app', 'usage'))
), untaken as (
  -- Everybody's as they were delivered: who provisioned without being a superuser could not take them, nor give them to admin.
  select w.routine
    from tenantry_watch.withheld() w join pg_catalog.pg_proc p on p.oid = w.routine
   where not exists (select from aclexplode(p.proacl) a where a.grantee not in (0, p.proowner))
), of_the_server as (
  -- With the rights that it was delivered with, as `pg_init_privs` has them, which the script of an extension writes, too. `everybodys`: it was
  -- delivered for everybody, as a function is of which nothing is said there, and provisioning leaves it so.
  select 'function' as kind, p.oid, p.oid::regprocedure::text as name, null as column_name, v.initprivs as delivered,
         case when p.oid in (select u.routine from untaken u) then null else p.proacl end as acl,
         v.initprivs is null and w.routine is null as everybodys
    from pg_catalog.pg_proc p
    left join pg_catalog.pg_init_privs v on v.classoid = 'pg_proc'::regclass and v.objoid = p.oid and v.objsubid = 0
    left join tenantry_watch.withheld() w on w.routine = p.oid
   where p.pronamespace = 'pg_catalog'::regnamespace
  union all
  select 'table', c.oid, c.oid::regclass::text, null, v.initprivs, c.relacl,
         c.relname not in ('pg_statistic', 'pg_statistic_ext_data', 'pg_authid', 'pg_shadow', 'pg_user_mapping', 'pg_subscription', 'pg_largeobject',
           'pg_file_settings', 'pg_hba_file_rules', 'pg_ident_file_mappings', 'pg_config', 'pg_replication_origin_status', 'pg_shmem_allocations',
           'pg_shmem_allocations_numa', 'pg_backend_memory_contexts', 'pg_aios')
    from pg_catalog.pg_class c
    left join pg_catalog.pg_init_privs v on v.classoid = 'pg_class'::regclass and v.objoid = c.oid and v.objsubid = 0
   where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
  union all
  select 'table', c.oid, c.oid::regclass::text, quote_ident(a.attname), v.initprivs, a.attacl, c.relname = 'pg_subscription'
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
    left join pg_catalog.pg_init_privs v on v.classoid = 'pg_class'::regclass and v.objoid = c.oid and v.objsubid = a.attnum
   where a.attacl is not null
), own as (
  select n.oid from pg_catalog.pg_namespace n
   where n.nspname not in ('pg_catalog', 'information_schema', 'tenantry', 'tenantry_watch', 'pg_toast')
)
select t."schema" as "schema", t."table" as "table",
       case when p.indexrelid is null then 'no-primary-key' else 'primary-key' end as "warning", null as "detail", null as "remedy", null as "drift"
  from routed t left join pg_catalog.pg_index p on p.indrelid = t.oid and p.indisprimary
 where p.indexrelid is null or p.indkey[0] <> t.attnum
union all
-- A partition has the key of its table; what inherits has none but its own.
select n.nspname, c.relname, 'no-primary-key', null, null, null
  from protected f
  join pg_catalog.pg_class c on c.oid = f.oid and not c.relispartition
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where f.oid not in (select t.oid from routed t)
   and not exists (select from pg_catalog.pg_index p where p.indrelid = f.oid and p.indisprimary)
union all
select t."schema", t."table", 'unique-key', x.relname, null, null
  from routed t
  join pg_catalog.pg_index i on i.indrelid = t.oid and i.indisunique and not i.indisprimary
   and not exists (select from generate_series(0, i.indnkeyatts - 1) k where i.indkey[k] = t.attnum)
  join pg_catalog.pg_class x on x.oid = i.indexrelid
union all
select t."schema", t."table", 'foreign-key', f.conname, null, null
  from routed t
  join pg_catalog.pg_constraint f on f.conrelid = t.oid and f.contype = 'f'
  join routed parent on parent.oid = f.confrelid
 where not exists (select from generate_subscripts(f.conkey, 1) i where f.conkey[i] = t.attnum and f.confkey[i] = parent.attnum)
union all
-- Permissive policies add up by OR, and nothing holds roles besides app back.
select n.nspname, c.relname, case when p.polpermissive then 'permissive-policy' else 'restrictive-policy' end,
       format('%s (for %s, to %s)', p.polname,
              case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
              (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname)
                 from unnest(p.polroles) as o (oid) left join pg_catalog.pg_roles r on r.oid = o.oid)),
       format('drop policy %I on %I.%I', p.polname, n.nspname, c.relname), null
  from protected f
  join pg_catalog.pg_policy p on p.polrelid = f.oid and p.polname not like 'tenantry\_%'
  join pg_catalog.pg_class c on c.oid = f.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where p.polpermissive
    or exists (select from unnest(p.polroles) as o (oid)
                where o.oid = 0 or o.oid in (select r.oid from pg_catalog.pg_roles r where r.rolname in ('tenantry_superuser', 'tenantry_mover', 'tenantry_admin')))
union all
select n.nspname, c.relname, 'other-rights', format('%s (%s)', r.rolname, string_agg(distinct lower(g.privilege_type), ', ' order by lower(g.privilege_type))),
       format('revoke all on %I.%I from %I', n.nspname, c.relname, r.rolname), null
  from protected f
  join pg_catalog.pg_class c on c.oid = f.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 cross join lateral (select grantee, privilege_type from aclexplode(c.relacl)
                     union all
                     select e.grantee, e.privilege_type
                       from pg_catalog.pg_attribute a cross join lateral aclexplode(a.attacl) e
                      where a.attrelid = c.oid and a.attacl is not null) g
  join pg_catalog.pg_roles r on r.oid = g.grantee and not r.rolsuper
 where g.grantee <> c.relowner and r.rolname not in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover', 'tenantry_admin')
 group by n.nspname, c.relname, r.rolname
union all
-- pg_sequences shows the last value to whoever may use the sequence. What a column of a configured table needs is given to app again.
select n.nspname, s.relname, 'sequence-rights', p.privileges,
       case when exists (select from pg_catalog.pg_depend d
                          where d.classid = 'pg_class'::regclass and d.objid = s.oid and d.refclassid = 'pg_class'::regclass and d.deptype = 'a'
                            and d.refobjid in (select f.oid from family f))
            then null else format('revoke all on sequence %I.%I from tenantry_app, public', n.nspname, s.relname) end, null
  from pg_catalog.pg_class s
  join own n0 on n0.oid = s.relnamespace
  join pg_catalog.pg_namespace n on n.oid = s.relnamespace
 cross join lateral (select string_agg(w.privilege, ', ' order by w.privilege) as privileges
                       from unnest(array['select', 'update', 'usage']) as w (privilege)
                      where has_sequence_privilege('tenantry_app', s.oid, w.privilege)) p
 where s.relkind = 'S' and p.privileges is not null
union all
select n.nspname, v.relname, case v.relkind when 'm' then 'materialized-view' else 'view' end, o.rolname,
       case v.relkind when 'm' then format('revoke select on %I.%I from tenantry_app, public', n.nspname, v.relname)
                      else format('alter view %I.%I set (security_invoker = true)', n.nspname, v.relname) end,
       format('%s %I.%I', case v.relkind when 'm' then 'materialized view' else 'view' end, n.nspname, v.relname)
  from reader r
  join pg_catalog.pg_class v on v.oid = r.oid
  join pg_catalog.pg_namespace n on n.oid = v.relnamespace
  join pg_catalog.pg_roles o on o.oid = v.relowner
 where has_any_column_privilege('tenantry_app', v.oid, 'select, insert, update')
   and (v.relkind = 'm' or not coalesce((select option_value::boolean from pg_options_to_table(v.reloptions) where option_name = 'security_invoker'), false))
union all
select n.nspname, p.proname, 'definer-function', o.rolname, format('alter function %s security invoker', p.oid::regprocedure),
       format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
  from pg_catalog.pg_proc p
  join own n0 on n0.oid = p.pronamespace
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_roles o on o.oid = p.proowner
 where p.prosecdef
   and (has_function_privilege('tenantry_app', p.oid, 'execute')
        -- The functions of an aggregate run by the right of its owner.
        or exists (select from pg_catalog.pg_aggregate a
                    where p.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
                      and has_function_privilege('tenantry_app', a.aggfnoid, 'execute')))
union all
-- Probes act in a session of admin.
select w."schema", w."table", 'session-identity', string_agg(distinct lower(w.word), ', ' order by lower(w.word)) || coalesce(', ' || w.place, ''), null, null
  from worded w
 group by w."schema", w."table", w.place
union all
select n.nspname, c.relname, 'unlisted-table', null, format('revoke all on %I.%I from tenantry_app, public', n.nspname, c.relname),
       format('table %I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class c
  join own n0 on n0.oid = c.relnamespace
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'f') and has_any_column_privilege('tenantry_app', c.oid, 'select, insert, update')
   and not exists (select from family f where f.oid = c.oid)
union all
-- It may be made another one at any time, and what its text reads elsewhere without that; it runs as admin where admin writes.
select n.nspname, p.proname, 'foreign-owner', o.rolname,
       case when p.prosecdef then null else format('alter routine %s owner to tenantry_admin', p.oid::regprocedure) end,
       format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
  from pg_catalog.pg_proc p
  join own n0 on n0.oid = p.pronamespace
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_roles o on o.oid = p.proowner
 where not pg_has_role(o.oid, 'tenantry_admin', 'member') and o.rolname not in ('tenantry_definer', 'tenantry_watcher')
   and exists (select from running r
                 join pg_catalog.pg_depend d on d.classid = r.class and d.objid = r.oid
                where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid)
union all
-- Files of the server, other sessions, samples of all tenants' values: what is there for its administrators asks no policy.
select 'pg_catalog', s.name || coalesce('.' || s.column_name, ''), 'server-rights',
       string_agg(format('%s to %s', lower(g.privilege_type), coalesce(r.rolname, 'public')), ', ' order by g.privilege_type, r.rolname),
       string_agg(format('revoke %s%s on %s %s from %s cascade', lower(g.privilege_type), ' (' || s.column_name || ')', s.kind, s.name,
                         coalesce(quote_ident(r.rolname), 'public')), '; ' order by g.privilege_type, r.rolname),
       format('rights %s of the server''s own', s.name || coalesce('.' || s.column_name, ''))
  from of_the_server s
 cross join lateral (select a.grantee, a.privilege_type from aclexplode(s.acl) a
                     except
                     -- No role of somebody's own was delivered with anything.
                     select d.grantee, d.privilege_type from aclexplode(s.delivered) d where d.grantee < 16384 and (d.grantee <> 0 or s.everybodys)) g
  left join pg_catalog.pg_roles r on r.oid = g.grantee
 where case when g.grantee = 0 then s.kind = 'table' or not s.everybodys
            else g.grantee in (select a.oid from app a)
                 and not case s.kind when 'function' then has_function_privilege('public', s.oid, g.privilege_type)
                                     else has_table_privilege('public', s.oid, g.privilege_type) end end
 group by s.name, s.column_name
union all
select null, 'pg_catalog', 'untaken-rights', string_agg(u.routine::text, ', ' order by u.routine::text collate "C"), null, null
  from untaken u
having count(*) > 0
 order by 1, 2, 3
