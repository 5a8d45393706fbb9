-- Why a configured table cannot be routed, or no table of this database, for a function whose answer would outlast the tenant that it was
-- given to (`immutable-unreached`: that nothing calls, app neither): one row for each reason; `remedy` is SQL where SQL helps. Functions are
-- judged by their texts, or by what the server knows of a body in BEGIN ATOMIC; nothing waits for a table here, so no definition is asked for in words.
-- @tables text
-- @keyType text
with recursive configured as (
  select t."schema", t."table", t."tenantColumn", c.oid, c.relkind, c.relowner, c.relnamespace,
         format('%I.%I', t."schema", t."table") as name
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
    left join pg_catalog.pg_namespace n on n.nspname = t."schema"
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind not in ('i', 'I', 'S', 't', 'c')
), tenant_column as (
  select r.*, a.attnum, a.attnotnull, a.attidentity <> '' or a.attgenerated <> '' as computed, a.attname,
         format_type(a.atttypid, a.atttypmod) as type_name,
         case a.atttypid when 'int4'::regtype then 'int' when 'int8'::regtype then 'bigint' when 'uuid'::regtype then 'uuid'
                         when 'text'::regtype then 'string' when 'varchar'::regtype then 'string' when 'bytea'::regtype then 'bytes' end as key_type,
         case when col.collprovider = 'd' then db.datlocprovider = 'b' or (db.datlocprovider = 'c' and db.datcollate in ('C', 'POSIX'))
              when col.oid is not null then col.collprovider = 'b' or (col.collprovider = 'c' and col.collcollate in ('C', 'POSIX'))
              else true end as byte_wise
    from configured r
    join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attname = r."tenantColumn" and a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p')
    left join pg_catalog.pg_collation col on col.oid = a.attcollation
    join pg_catalog.pg_database db on db.datname = current_database()
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
                                      from pg_catalog.pg_proc c where c.proname = 'current_setting' and c.oid < 16384) as reads_settings
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
  select 'pg_proc', u.oid from routine u where u.reads_settings
  union
  select e.class, e.oid
    from asking a
    join edge e on e.through_class = a.class and e.through_oid = a.oid
)
select "schema" as "schema", "table" as "table", 'missing-table' as "problem", null as "detail", null as "remedy"
  from configured where oid is null
union all
select "schema", "table", 'not-a-table', null, null
  from configured where relkind not in ('r', 'p')
union all
-- admin may act as app's logins, in whose name it tries what they may, and owns nothing in it.
select r."schema", r."table", case when o.is_app and not o.rolsuper then 'owned-by-app' else 'not-owned' end,
       o.rolname, format('alter table %s owner to tenantry_admin', r.name)
  from configured r
 cross join lateral (select w.oid, w.rolname, w.rolsuper,
                            pg_has_role(w.oid, 'tenantry_app', 'usage')
                              or (pg_has_role(w.oid, 'tenantry_app', 'member') and not pg_has_role(w.oid, 'tenantry_admin', 'member')) as is_app
                       from pg_catalog.pg_roles w where w.oid = r.relowner) o
 where r.relkind in ('r', 'p') and (not pg_has_role(current_user, o.oid, 'usage') or o.is_app)
union all
select r."schema", r."table", 'schema-rights', r."schema", format('grant usage on schema %I to tenantry_admin with grant option', r."schema")
  from configured r
 where r.relkind in ('r', 'p') and not has_schema_privilege(current_user, r.relnamespace, 'usage with grant option')
   and exists (select from pg_catalog.pg_roles g
                where g.rolname in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover') and not has_schema_privilege(g.oid, r.relnamespace, 'usage'))
union all
select r."schema", r."table", 'unknown-column', r."tenantColumn", null
  from configured r
 where r.relkind in ('r', 'p') and r."tenantColumn" is not null and not exists (select from tenant_column c where c.oid = r.oid)
union all
select "schema", "table", 'column-type',
       format('%s, which is not that of the key type %s (%s)', type_name, @keyType,
              case @keyType when 'int' then 'integer' when 'string' then 'text or varchar' when 'bytes' then 'bytea' else @keyType end), null
  from tenant_column where key_type is distinct from @keyType
union all
select "schema", "table", 'collation', type_name, format('alter table %s alter column %I type %s collate "C"', name, attname, type_name)
  from tenant_column where key_type = @keyType and not byte_wise
union all
select "schema", "table", 'nullable', attname, format('alter table %s alter column %I set not null', name, attname)
  from tenant_column where not attnotnull
union all
select "schema", "table", 'computed', attname, null
  from tenant_column where computed
union all
select "schema", "table", 'no-index', attname, format('create index on %s (%I)', name, attname)
  from tenant_column c
 where not exists (select from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid join pg_catalog.pg_am m on m.oid = ic.relam
                    where i.indrelid = c.oid and i.indkey[0] = c.attnum and i.indpred is null and i.indisvalid and i.indisready and m.amname = 'btree')
union all
-- The planner puts the answer of such a function into the plan of a prepared statement, which outlasts the transaction, and the tenant. Whatever calls it
-- may be something that app comes to.
select u.nspname, u.proname,
       case when exists (select from app a where has_function_privilege(a.oid, u.oid, 'execute'))
                 or exists (select from edge e where e.through_class = 'pg_proc'::regclass and e.through_oid = u.oid and e.oid <> u.oid)
                 or exists (select from pg_catalog.pg_depend d where d.refclassid = 'pg_proc'::regclass and d.refobjid = u.oid)
            then 'immutable-tenant' else 'immutable-unreached' end, string_agg(distinct t.place, ', ' order by t.place),
       format('alter function %I.%I(%s) stable', u.nspname, u.proname, pg_get_function_identity_arguments(u.oid))
  from routine u
 cross join lateral (select 'current_setting' as place where u.reads_settings
                     union all
                     select e.place from edge e join asking a on a.class = e.through_class and a.oid = e.through_oid
                      where e.class = 'pg_proc'::regclass and e.oid = u.oid and e.through_oid <> u.oid) t
 where u.is_immutable
 group by u.oid, u.nspname, u.proname
 order by 1, 2, 3
