-- The named procedures and functions as the database has them: one row for each, several where there is more than one of the name, and one
-- without "form" where there is none. "parameters" are what a call gives, in order; "columns" those of the rows that it answers with, null
-- where it gives one value or nothing; "answer" is the type of what it gives; "code" its text; "definers" are the functions that app may
-- call and that run as their owner, among those that its text or that of another below it names, as a call or otherwise, or that a body in
-- BEGIN ATOMIC calls.
-- @procedures text
with recursive configured as (
  select w."schema", w."routine", n.oid as namespace, p.oid
    from jsonb_to_recordset(@procedures::jsonb) as w ("schema" text, "routine" text)
    left join pg_catalog.pg_namespace n on n.nspname = w."schema"
    left join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w."routine"
), named as materialized (
  -- A name in a text has its quotes doubled; what stands in none folds to lower case.
  select p.oid, words.written,
         '(^|[^[:alnum:]_$])' || regexp_replace(words.written, '([^[:alnum:]_])', '\\\1', 'g') || '($|[^[:alnum:]_$])' as pattern
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname not in ('tenantry', 'tenantry_watch', 'information_schema')
   cross join lateral (select lower(replace(p.proname, '"', '""')) as written) words
   where p.oid >= 16384
), callee as (
  select oid as root, oid from configured where oid is not null
  union
  select c.root, t.oid
    from callee c
    join pg_catalog.pg_proc p on p.oid = c.oid
   cross join lateral (
     select n.oid from named n where strpos(lower(p.prosrc), n.written) > 0 and lower(p.prosrc) ~ n.pattern
     union all
     select d.refobjid from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid >= 16384
   ) t
)
select w."schema" as "schema", w."routine" as "routine",
       case p.prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function' end as "form",
       arguments.given as "parameters",
       arguments.shown as "columns",
       case when p.prokind = 'f' then case when p.proretset then 'setof ' else '' end || format_type(p.prorettype, null) else 'nothing' end as "answer",
       case when p.prosecdef then o.rolname end as "runsAs",
       coalesce(p.provolatile <> 'v', false) as "readsOnly",
       coalesce(has_function_privilege(current_user, p.oid, 'execute with grant option'), false) as "grantable",
       case when p.oid is not null then jsonb_build_array(jsonb_build_object('schema', w."schema", 'routine', w."routine",
         'text', coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc), 'language', l.lanname)) end as "code",
       (select coalesce(jsonb_agg(jsonb_build_object('schema', s.nspname, 'routine', d.proname, 'runsAs', r.rolname) order by s.nspname, d.proname, d.oid), '[]')
          from callee c
          join pg_catalog.pg_proc d on d.oid = c.oid and d.prosecdef
          join pg_catalog.pg_namespace s on s.oid = d.pronamespace and s.nspname not in ('tenantry', 'tenantry_watch')
          join pg_catalog.pg_roles r on r.oid = d.proowner
         where c.root = p.oid and d.oid <> p.oid and has_function_privilege('tenantry_app', d.oid, 'execute')) as "definers"
  from configured w
  left join pg_catalog.pg_proc p on p.oid = w.oid
  left join pg_catalog.pg_language l on l.oid = p.prolang
  left join pg_catalog.pg_roles o on o.oid = p.proowner
 cross join lateral (
   select coalesce(jsonb_agg(jsonb_build_object('name', a.name, 'type', format_type(a.type, null), 'baseType', b.type, 'hasDefault', a.place > p.pronargs - p.pronargdefaults)
                             order by a.place) filter (where a.is_given), '[]') as given,
          jsonb_agg(jsonb_build_object('name', a.name, 'type', format_type(a.type, null), 'baseType', b.type) order by a.position) filter (where a.is_shown) as shown
     from (select coalesce(p.proargnames[u.position], '') as name, u.type, u.position, u.mode in ('i', 'b', 'v') as is_given, u.mode in ('o', 'b', 't') as is_shown,
                  count(*) filter (where u.mode in ('i', 'b', 'v')) over (order by u.position) as place
             from (select t.type, t.position, coalesce(p.proargmodes[t.position]::text, 'i') as mode
                     from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality as t (type, position)) u
           union all
           select a.attname, a.atttypid, a.attnum, false, true, 0
             from pg_catalog.pg_type y join pg_catalog.pg_attribute a on a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped
            where y.oid = p.prorettype and y.typtype = 'c') a
     join pg_catalog.pg_type t on t.oid = a.type
     join pg_catalog.pg_type base on base.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
    cross join lateral (
      select case when base.typtype = 'e' then 'enum'
                  when base.typnamespace = 'pg_catalog'::regnamespace or base.typname = 'citext' then base.typname::text end as type
    ) b
 ) arguments
 order by 1, 2, p.oid
