-- Functions whose answer would outlast the tenant that it was given to, one row for each; `immutable-unreached`: nothing calls it, app may
-- not, and it is none that app is to call. They are judged by their texts, or by what the server knows of a body in BEGIN ATOMIC.
-- @tables text
-- @procedures text
with recursive configured as (
  select t."tenantColumn", c.oid
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
    join pg_catalog.pg_namespace n on n.nspname = t."schema"
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table"
), stored as materialized (
  select p.oid, p.pronamespace, p.proname, p.prosqlbody, p.proconfig, lower(p.prosrc) as text, l.lanname in ('sql', 'plpgsql') as is_known,
         p.prokind = 'f' and p.provolatile = 'i' and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype) as is_immutable
    from pg_catalog.pg_proc p
    join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname not in ('internal', 'c')
   where p.oid >= 16384
), routine as materialized (
  select s.oid, n.nspname, s.proname, s.prosqlbody is not null as is_parsed, s.is_immutable, t.body,
         n.nspname = 'tenantry' or strpos(concat(s.text, lower(s.proconfig::text)), 'tenantry') > 0 as names_tenantry,
         -- In one of these the tenant is kept, whatever its name is here.
         t.body ~ '\m(current_setting|pg_settings|pg_show_all_settings)\M|\mshow\s+"?(all|backtrace_functions|tenantry)\M'
           or s.prosqlbody::text ~ (select ':funcid (' || string_agg(c.oid::text, '|') || ') '
                                      from pg_catalog.pg_proc c where c.proname = 'current_setting' and c.oid < 16384) as reads_settings,
         -- Tables whose names are values.
         t.body ~ '_to_xml|\m(connectby|crosstab\w*|xpath_table)\M' or s.prosqlbody::text ~ (select ':funcid (' || string_agg(c.oid::text, '|') || ') '
                                                       from pg_catalog.pg_proc c where c.proname ~ '_to_xml' and c.oid < 16384) as reads_by_name
    from stored s
    join pg_catalog.pg_namespace n on n.oid = s.pronamespace and n.nspname <> 'tenantry_watch' and n.nspname !~ '^pg_temp_'
   -- Without comments, and without strings where nothing in it runs one: what cannot be cut so by any setting of the server stays whole.
   cross join lateral (
     select case when not s.is_known or s.text ~ '\\|\$(_|[^$[:space:][:punct:]])*\$|/\*([^*]|\*+[^*/])*/\*' then s.text
                 when s.text ~ '\mexecute\M|_to_xml|\mts_(stat|rewrite)\M'
                   then regexp_replace(s.text, '("([^"]|"")*"|''([^'']|'''')*'')|--[^\n\r]*|/\*([^*]|\*+[^*/])*\*+/', '\1 ', 'g')
                 else regexp_replace(s.text, '("([^"]|"")*"|''\s*(select|with|show|call|execute|table|values|do)\M([^'']|'''')*'')|''([^'']|'''')*''|--[^\n\r]*|/\*([^*]|\*+[^*/])*\*+/', '\1 ', 'g') end as said) w
   -- Nor what FROM stands for between values.
   cross join lateral (
     select regexp_replace(w.said, '\m((extract|trim|substring|overlay)\s*\([^()]*|is\s+(not\s+)?distinct\s+)\mfrom\M', '\1', 'g') as body) t
), nameable as materialized (
  -- What a text may name, and how: what stands in no quotes folds to lower case, what stands in some has them doubled. All by the collation of texts in
  -- the catalogs, "C", which takes letters beyond ASCII apart, in names and in texts alike.
  select o.class, o.oid, o.place, o.written, o.before || o.identifier || o.behind as pattern,
         (select m[1] from regexp_matches(o.written, '([[:alnum:]_]+)', 'g') m order by length(m[1]) desc limit 1) as word
    from (select w.class, w.oid, w.place, w.written, w.before, w.behind,
                 case when w.class = 'pg_operator'::regclass then w.escaped
                      when w.name !~ '^[0-9$]|[\x01-#%-/:-^`{-\x7f]' then '"?' || w.escaped || '"?'
                      else '"' || w.escaped || '"' end as identifier
            from (select e.*, regexp_replace(e.written, '([^[:alnum:]_])', '\\\1', 'g') as escaped
            from (select f.class, f.oid, f.place, f.name, f.before, f.behind, lower(replace(f.name, '"', '""')) as written
                    from (select 'pg_proc'::regclass as class, p.oid, p.proname::text as name, format('%s.%s', n.nspname, p.proname) as place,
                                 -- Of its own schema, where the text names one.
                                 format('(^|[^[:alnum:]_$."]|%s"?\s*\.\s*)',
                                        regexp_replace(lower(replace(n.nspname, '"', '""')), '([^[:alnum:]_])', '\\\1', 'g')) as before, '\s*(\(|/\*|--)' as behind
                            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
                           where p.oid >= 16384
                          union all
                          -- Of a row, it may be written as one of its columns.
                          select 'pg_proc', p.oid, p.proname, format('%s.%s', n.nspname, p.proname), '\.\s*', '($|[^[:alnum:]_$"])'
                            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
                            join pg_catalog.pg_type t on t.oid = p.proargtypes[0] and t.typtype in ('c', 'p')
                           where p.oid >= 16384 and p.pronargs = 1
                          union all
                          select 'pg_class', c.oid, c.relname, format('%s.%s', n.nspname, c.relname),
                                 '(\m(from|join|only|table)\M|\mfrom\M[^;]*,)[\s(]*(("[^"]+"|[[:alnum:]_$]+)\s*\.\s*)?', '($|[^[:alnum:]_$"])'
                            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                           where c.oid >= 16384 and c.relkind in ('r', 'p', 'v')
                          union all
                          select 'pg_operator', o.oid, o.oprname, format('%s.%s', n.nspname, o.oprname), '', ''
                            from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
                           where o.oid >= 16384) f) e) w) o
), worded as materialized (
  -- None where there is nobody to be found: each text is taken to pieces once, since one look for each name in each takes minutes where there are thousands.
  select distinct u.oid, w.word
    from routine u
   cross join lateral regexp_split_to_table(u.body, '[^[:alnum:]_]+') as w (word)
   where not u.is_parsed and exists (select from routine i where i.is_immutable)
), edge as materialized (
  select 'pg_proc'::regclass as class, c.oid, c.through_class, c.through_oid, c.place
    from (select u.oid, n.class as through_class, n.oid as through_oid, n.place, u.body, n.pattern
            from worded w
            join nameable n on n.word = w.word
            join routine u on u.oid = w.oid
           where u.names_tenantry or n.place not like 'tenantry.%'
          -- Patterns are matched with what has the word: each with each takes minutes.
          offset 0) c
   where c.body ~ c.pattern
  union
  select 'pg_proc', u.oid, n.class, n.oid, n.place
    from nameable n
    join routine u on not u.is_parsed and strpos(u.body, n.written) > 0
   where n.word is null
  union
  -- What an argument is by default is asked for where the function is called, and so with each statement.
  select d.classid::regclass, d.objid, n.class, n.oid, n.place
    from nameable n
    join pg_catalog.pg_depend d on d.refclassid = n.class and d.refobjid = n.oid
   where d.classid = 'pg_operator'::regclass
      or d.classid = 'pg_proc'::regclass and (d.objid in (select u.oid from routine u where u.is_parsed)
                                              or d.objid in (select g.aggfnoid from pg_catalog.pg_aggregate g))
  union
  select 'pg_class', w.ev_class, n.class, n.oid, n.place
    from nameable n
    join pg_catalog.pg_depend d on d.refclassid = n.class and d.refobjid = n.oid and d.classid = 'pg_rewrite'::regclass
    join pg_catalog.pg_rewrite w on w.oid = d.objid and (n.class <> 'pg_class'::regclass or w.ev_class <> n.oid)
    join pg_catalog.pg_class v on v.oid = w.ev_class and v.relkind = 'v'
), app as materialized (
  -- What a statement of app may become.
  select distinct r.oid
    from pg_catalog.pg_roles a
    join pg_catalog.pg_roles r on pg_has_role(a.oid, r.oid, 'member')
   where a.rolname = 'tenantry_app' or (a.rolcanlogin and not a.rolsuper and pg_has_role(a.oid, 'tenantry_app', 'usage'))
), asking as (
  -- What answers by the tenant, or by a value that came with a call.
  select 'pg_proc'::regclass as class, p.oid
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
   where n.nspname = 'tenantry' and p.provolatile <> 'i'
  union
  select 'pg_class', c.oid
    from pg_catalog.pg_class c left join configured r on r.oid = c.oid
   where c.relkind in ('r', 'p') and case when r.oid is null then c.relrowsecurity else r."tenantColumn" is not null end
  union
  select 'pg_proc', u.oid from routine u where u.reads_settings or u.reads_by_name
  union
  select e.class, e.oid
    from asking a
    join edge e on e.through_class = a.class and e.through_oid = a.oid
)
-- The planner puts the answer of such a function into the plan of a prepared statement, which outlasts the transaction, and the tenant. Whatever calls it
-- may be something that app comes to.
select u.nspname as "schema", u.proname as "table",
       case when exists (select from app a where has_function_privilege(a.oid, u.oid, 'execute'))
                 or exists (select from edge e where e.through_class = 'pg_proc'::regclass and e.through_oid = u.oid and e.oid <> u.oid)
                 or exists (select from pg_catalog.pg_depend d where d.refclassid = 'pg_proc'::regclass and d.refobjid = u.oid)
                 or exists (select from jsonb_to_recordset(@procedures::jsonb) as c ("schema" text, "routine" text)
                             where c."schema" = u.nspname and c."routine" = u.proname)
            then 'immutable-tenant' else 'immutable-unreached' end as "problem",
       string_agg(distinct t.place, ', ' order by t.place) as "detail",
       format('alter function %I.%I(%s) stable', u.nspname, u.proname, pg_get_function_identity_arguments(u.oid)) as "remedy"
  from routine u
 cross join lateral (select 'current_setting' as place where u.reads_settings
                     union all
                     select 'tables named by values' where u.reads_by_name
                     union all
                     select e.place from edge e join asking a on a.class = e.through_class and a.oid = e.through_oid
                      where e.class = 'pg_proc'::regclass and e.oid = u.oid and e.through_oid <> u.oid) t
 where u.is_immutable
 group by u.oid, u.nspname, u.proname
 order by 1, 2, 3
