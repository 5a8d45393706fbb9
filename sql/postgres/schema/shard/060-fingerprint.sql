-- Whom a user mapping makes of somebody elsewhere, only a superuser reads: but whether it was written again, by the transaction that did. No row where
-- the server's administrator may not give the right to that, as on some managed servers.
do $$
begin
  grant select (oid, xmin) on pg_catalog.pg_user_mapping to tenantry_watcher;
exception
  when insufficient_privilege then null;
end
$$;
create or replace function tenantry_watch.user_mapping_versions() returns table (mapping oid, version text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if has_column_privilege('pg_user_mapping'::regclass, 'xmin', 'select') then
    return query select u.oid, u.xmin::text from pg_user_mapping u;
  end if;
end
$$;

-- How many changes nobody judged, of transactions that have ended: whoever could switch the judge off, or clear it away, was the server's superuser.
-- They stay so, and their number is accepted with what is there: whatever admin writes of an acceptance, none counts as looked at without a key.
create or replace function tenantry_watch.unjudged() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select count(*)::integer from tenantry_watch.change_log c where c.verdict is null and c.transaction_id is distinct from pg_current_xact_id_if_assigned()::text::bigint
$$;

-- Everything that decides what app can see or do in this database, whatever the configuration says of it, and what the logins for reports and of the
-- mover may besides on the same tables, by which they could make what runs for app's statements, and what a statement or a text means by operators,
-- aggregates, casts and types: one row for each object, with a digest of what matters of it. The same for whoever asks, by whatever settings: the function has its own. What has nothing to say about
-- protection (columns, indexes, tables of which app has nothing but for what runs when they are written to, logins and their passwords) is in
-- none of it, so that an ordinary migration leaves it as it is. Whoever relies on it compares this text, its settings and its owner with the program's own.
-- Run when a database is provisioned, as the administrator of its server: whoever changes it has servers provisioned again
-- (docs/decisions/025-who-watches.md).
create or replace function tenantry_watch.fingerprint_items() returns table (kind text, object text, digest text)
language sql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set "DateStyle" = 'ISO'
set "IntervalStyle" = 'postgres'
set "TimeZone" = 'UTC'
set extra_float_digits = 1
set bytea_output = 'hex'
set lc_monetary = 'C'
set standard_conforming_strings = on
set transform_null_equals = off
set array_nulls = on
set jit = off
set max_parallel_workers_per_gather = 0
as $fingerprint$
with recursive role as materialized (
  -- The view asks for the settings of each beside.
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolcanlogin, r.rolinherit from pg_roles r
), grantee as materialized (
  -- Whose rights a statement of app can come to: its group, the logins in it, what any of them is a member of; 0 is everybody.
  select 0::oid as oid
  union
  select r.oid
    from role r
   where exists (select from role a
                  where (a.rolname = 'tenantry_app' or (a.rolcanlogin and not a.rolsuper and pg_has_role(a.oid, 'tenantry_app', 'usage')))
                    and pg_has_role(a.oid, r.oid, 'member'))
), below as (
  -- Who sees all tenants by a right of Tenantry's: for reports, or to move them. tenantry_probe may be each of them, for admin. Since PostgreSQL 16 who
  -- makes a role without being a superuser is a member of it, and counts as any other.
  select r.oid, w.login
    from (values ('tenantry_superuser', 'logins of reports'), ('tenantry_mover', 'logins of mover')) w (name, login) join role r on r.rolname = w.name
  union
  select r.oid, b.login
    from below b
    join pg_auth_members m on m.roleid = b.oid
    join role r on r.oid = m.member and r.rolname <> 'tenantry_probe'
), holder as materialized (
  -- What they may be.
  select r.oid from role r where exists (select from below b join role l on l.oid = b.oid where not l.rolsuper and pg_has_role(b.oid, r.oid, 'member'))
), lent as materialized (
  -- Schemas of one session that something lasting stands upon.
  select n.oid
    from pg_namespace n
    join pg_depend i on i.refclassid = 'pg_namespace'::regclass and i.refobjid = n.oid and i.classid <> 'pg_class'::regclass
    join pg_depend d on d.refclassid = i.classid and d.refobjid = i.objid
   cross join lateral pg_identify_object_as_address(d.classid, d.objid, d.objsubid) w
   where n.nspname ~ '^pg_temp_' and w.object_names[1] !~ '^pg_(toast_)?temp'
), made as materialized (
  -- Schemas of which everything counts, and the server's own: there, what was not delivered with it does.
  select n.oid, n.nspname, case when n.nspname in ('pg_catalog', 'information_schema') then 16384::oid else 0::oid end as first_made
    from pg_namespace n
   where n.nspname !~ '^pg_(toast_)?temp_' or n.oid in (select oid from lent)
), relation as materialized (
  select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relnamespace, c.reltoastrelid,
         n.nspname in ('tenantry', 'tenantry_watch') as own, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join made n on n.oid = c.relnamespace and c.oid >= n.first_made
   where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
), granted as materialized (
  select r.oid
    from relation r
   where r.own or r.relowner in (select oid from grantee)
      or exists (select from aclexplode(r.relacl) g where g.grantee in (select oid from grantee))
      or exists (select from pg_attribute a cross join lateral aclexplode(a.attacl) g
                  where a.attrelid = r.oid and a.attacl is not null and g.grantee in (select oid from grantee))
), own_routine as materialized (
  -- Those whose text is a program's. Texts may write names in any case. Who makes one for his session alone says nothing of others'.
  select p.oid, lower(p.prosrc) as text
    from pg_proc p
    join made n on n.oid = p.pronamespace and n.nspname not in ('tenantry', 'tenantry_watch')
   where p.oid >= 16384 and p.prolang not in (select l.oid from pg_language l where l.lanname in ('internal', 'c'))
), said as materialized (
  -- Which of them runs with another's rights, no name in a text tells: operators, aggregates, defaults, policies, casts and views call what they call.
  select string_agg(a.text, chr(10)) as text from own_routine a
), behind as (
  -- What a view reads it reads for its owner, and what stands above a table or below it is read with it.
  select oid from granted
  union
  -- What can come to show other rows than it did, where a function, a policy or a rule of any table names it.
  select r.oid
    from relation r
   where not r.own and r.oid not in (select oid from granted)
     and (r.relkind in ('v', 'm', 'f') or r.relrowsecurity or exists (select from pg_inherits i where i.inhparent = r.oid))
     and (strpos((select text from said), replace(lower(r.relname), '"', '""')) > 0
          or exists (select from pg_depend d
                      where d.refclassid = 'pg_class'::regclass and d.refobjid = r.oid
                        and ((d.classid = 'pg_proc'::regclass and d.objid in (select oid from own_routine))
                             or (d.classid = 'pg_policy'::regclass
                                 and exists (select from pg_policy p join relation t on t.oid = p.polrelid where p.oid = d.objid and t.oid <> r.oid))
                             or (d.classid = 'pg_rewrite'::regclass
                                 and exists (select from pg_rewrite w join relation t on t.oid = w.ev_class
                                              where w.oid = d.objid and w.rulename <> '_RETURN' and t.oid <> r.oid)))))
  union
  select x.oid
    from behind b
   cross join lateral (
     select d.refobjid as oid
       from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
      where w.ev_class = b.oid and d.refobjid <> b.oid
     union all
     select i.inhparent from pg_inherits i where i.inhrelid = b.oid
   ) x
), reached as materialized (
  select r.* from relation r where r.oid in (select oid from behind)
), asking as materialized (
  -- Functions of the server's own that run a text as SQL, as whoever writes the row, or go by who has entered: in an expression as it is stored.
  select ':funcid (' || string_agg(p.oid::text, '|') || ') ' as call
    from pg_proc p
   where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^((query|cursor|table|schema|database)_to_xml|ts_rewrite$|ts_stat$|current_setting$)'
), tenant_default as (
  -- A default that calls no function of this database's own gives nobody what is another's, but for the tenant; what a new table has for that
  -- counts where app comes to it.
  select r.name, r.own, a.attname, d.oid, d.adbin, d.adrelid, a.attgenerated
    from relation r
    join pg_attrdef d on d.adrelid = r.oid
    join pg_attribute a on a.attrelid = r.oid and a.attnum = d.adnum
   where r.own
      or d.adbin::text ~ (select a.call from asking a)
      or exists (select from pg_depend e
                  where e.classid = 'pg_attrdef'::regclass and e.objid = d.oid and e.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
                    and (r.oid in (select oid from behind) or a.attname not in (select attname from apart)
                         or e.refobjid not in (select p.oid from pg_proc p where p.pronamespace = to_regnamespace('tenantry'))))
      or (a.attgenerated <> ''
          and exists (select from pg_depend e
                       where e.classid in ('pg_policy'::regclass, 'pg_rewrite'::regclass) and e.refclassid = 'pg_class'::regclass and e.refobjid = r.oid and e.refobjsubid = a.attnum))
      or (a.attname in (select attname from apart)
          and not exists (select from pg_depend e where e.classid = 'pg_attrdef'::regclass and e.objid = d.oid and e.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)))
), foreign_key as materialized (
  -- Of a part's key its whole's has told.
  select k.oid, k.conname, k.conrelid, k.confrelid, k.conkey, k.confkey, k.conpfeqop, k.confdelsetcols, k.confdeltype, k.confupdtype,
         k.confdeltype in ('a', 'r') and k.confupdtype in ('a', 'r') as only_checks
    from pg_constraint k
   where k.contype = 'f' and k.conparentid = 0
), keyed as (
  -- Whose rows a statement of app may change: no policy is asked of parts, nor of what a foreign key does by itself.
  select oid from reached
  union
  select b.oid
    from keyed t
    join (select i.inhparent as above, i.inhrelid as oid from pg_inherits i
          union all
          select k.confrelid, k.conrelid from foreign_key k where not k.only_checks) b on b.above = t.oid
), touched as materialized (
  -- What runs for their rows may run for app's statement, whoever may name them: by a foreign key, or by a function that a trigger, a view or app
  -- calls, and that names them in its text or puts the name together. What a part has of its whole is told there.
  select r.oid, r.name, r.oid in (select oid from reached) as named from relation r where r.relkind <> 'S'
), beside as materialized (
  -- What is theirs, and app has nothing of: what can be named beside the whole, and what numbers their rows.
  select r.oid, r.name, r.relacl, r.relowner
    from relation r
   where r.oid not in (select oid from reached)
     and (r.oid in (select oid from keyed)
          or (r.relkind = 'S' and exists (select from pg_depend d
                                           where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
                                             and d.deptype in ('a', 'i') and d.refobjid in (select oid from keyed))))
), weighty as materialized (
  -- To be it is to come to what is told here.
  select r.oid, r.rolname
    from role r
   where r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolname ~ '^tenantry_'
      or (r.rolname ~ '^pg_' and r.rolname not in ('pg_monitor', 'pg_read_all_data', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables', 'pg_use_reserved_connections'))
      or r.oid in (select t.relowner from relation t where t.own or t.oid in (select oid from keyed)
                   union
                   select g.grantee from relation t cross join lateral aclexplode(t.relacl) g where t.own or t.oid in (select oid from keyed)
                   union
                   select g.grantee from pg_attribute a cross join lateral aclexplode(a.attacl) g where a.attacl is not null and a.attrelid in (select oid from keyed)
                   union
                   select m.oid from policy p cross join lateral unnest(p.polroles) m (oid) where p.reached)
), trigger as (
  select r.name, t.oid, t.tgname, t.tgenabled, t.tgfoid
    from touched r join pg_trigger t on t.tgrelid = r.oid
   where not t.tgisinternal and (r.named or not exists (select from pg_trigger w where w.oid = t.tgparentid and w.tgenabled = t.tgenabled))
), near_key as materialized (
  select k.* from foreign_key k where k.conrelid in (select oid from keyed) or k.confrelid in (select oid from keyed)
), policy as materialized (
  select p.oid, p.polrelid, r.name, p.polname, p.polpermissive, p.polcmd, p.polroles,
         pg_get_expr(p.polqual, p.polrelid) as visible, pg_get_expr(p.polwithcheck, p.polrelid) as admitted,
         r.oid in (select oid from reached) as reached
    from pg_policy p
    join relation r on r.oid = p.polrelid
   where r.oid in (select oid from reached union all select k.conrelid from near_key k union all select k.confrelid from near_key k)
), apart as materialized (
  -- By which column app's policy keeps a table's rows apart.
  select p.polrelid as relation, a.attnum, a.attname
    from policy p
    join pg_attribute a on a.attrelid = p.polrelid and a.attnum > 0 and not a.attisdropped
   cross join lateral (
     select format(case a.atttypid when 'varchar'::regtype then '((%I)::text = %s)' else '(%I = %s)' end, a.attname,
                   '( SELECT tenantry.current_tenant() AS current_tenant)') as test
   ) w
   where not p.polpermissive and p.polcmd = '*' and p.polroles = array[to_regrole('tenantry_app')::oid] and p.visible = w.test and p.admitted = w.test
), tenants_column as materialized (
  -- The same of a table whose policy is gone or altered, which its own item tells: the column that others have for it. No collation makes
  -- two tenants one.
  select c.oid as relation, a.attnum
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   where c.oid in (select p.polrelid from policy p union select k.conrelid from near_key k union select k.confrelid from near_key k)
     and ((c.oid, a.attnum) in (select t.relation, t.attnum from apart t)
          or (a.attname in (select t.attname from apart t) and c.oid not in (select t.relation from apart t)
              and (c.relrowsecurity or exists (select from policy p where p.polrelid = c.oid))))
     and not exists (select from pg_collation l where l.oid = a.attcollation and not l.collisdeterministic)
), paired as materialized (
  select k.oid
    from near_key k
   cross join unnest(k.conkey, k.confkey, k.conpfeqop) u (child, parent, operator)
   where u.operator < 16384 and k.confupdtype not in ('n', 'd') and (k.confdeltype not in ('n', 'd') or u.child <> all (k.confdelsetcols))
     and (k.conrelid, u.child) in (select c.relation, c.attnum from tenants_column c)
     and (k.confrelid, u.parent) in (select p.relation, p.attnum from tenants_column p)
), leading_key as (
  -- A foreign key is looked up and followed past all policies: one that leads from a tenant to others shows that there are such rows, or
  -- changes them. It does not where it pairs the tenant's columns and keeps them, nor where it only asks for a row of a table that everybody
  -- may read and nobody changes.
  select r.name, k.conname, k.oid
    from near_key k
    join relation r on r.oid = k.conrelid
   where k.oid not in (select oid from paired)
     and not (k.only_checks and exists (
           select from pg_class p
            where p.oid = k.confrelid and not p.relrowsecurity and has_table_privilege(to_regrole('tenantry_app'), p.oid, 'select')
              and not exists (select from grantee g
                               where g.oid <> 0 and (has_table_privilege(g.oid, p.oid, 'delete') or has_any_column_privilege(g.oid, p.oid, 'update')))))
), calling as (
  -- What calls functions of this database's own, by their names or by operators, for the rows of a table or the values of a domain.
  select u.object, u.definition
    from (select r.name as object, pg_get_constraintdef(k.oid) as definition, 'pg_constraint'::regclass as class, k.oid
            from touched r join pg_constraint k on k.conrelid = r.oid and k.contype in ('c', 'x') and (r.named or k.conislocal)
          union all
          select format_type(k.contypid, null), pg_get_constraintdef(k.oid), 'pg_constraint'::regclass, k.oid from pg_constraint k where k.contypid <> 0 and k.oid >= 16384
          union all
          select r.name, pg_get_indexdef(i.indexrelid), 'pg_class'::regclass, i.indexrelid
            from touched r join pg_index i on i.indrelid = r.oid and (i.indexprs is not null or i.indpred is not null)
           where r.named or not exists (select from pg_inherits h where h.inhrelid = i.indexrelid)
          union all
          select r.name, pg_get_statisticsobjdef(s.oid), 'pg_statistic_ext'::regclass, s.oid
            from reached r join pg_statistic_ext s on s.stxrelid = r.oid and s.stxexprs is not null) u
   where exists (select from pg_depend d
                  where d.classid = u.class and d.objid = u.oid and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass))
  union
  select coalesce(r.name, format_type(k.contypid, null)), pg_get_constraintdef(k.oid)
    from pg_constraint k
    left join touched r on r.oid = k.conrelid
   where k.contype = 'c' and k.oid >= 16384 and (r.oid is not null or k.contypid <> 0) and k.conbin::text ~ (select a.call from asking a)
), routine as materialized (
  -- All but those that nobody of Tenantry's may call, nothing stands upon and no text names.
  select p.oid
    from pg_proc p
    join made n on n.oid = p.pronamespace and p.oid >= n.first_made
   where n.nspname in ('tenantry', 'tenantry_watch') or p.prokind = 'a' or p.proacl is null or p.proowner in (select oid from grantee)
      or exists (select from aclexplode(p.proacl) g where g.grantee in (select oid from grantee union all select oid from holder))
      or exists (select from pg_depend d where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid)
      or exists (select from pg_proc s where s.proname = p.proname and s.oid < 16384)
      or strpos((select text from said), replace(lower(p.proname), '"', '""')) > 0
), type as materialized (
  -- What its values are is told where its functions are not the server's, or a function, an operator or a cast is made for it; what it gives by itself;
  -- what a text calls by its name, or by one of its values. Of a column's values nothing goes by the name of their type.
  select t.oid
    from pg_type t
    join made n on n.oid = t.typnamespace
   where t.oid >= 16384
     and ((not exists (select from pg_type e where e.typarray = t.oid) and not exists (select from pg_class c where c.oid = t.typrelid and c.relkind <> 'c')
           and (t.typtype = 'r' or t.typdefault is not null or t.typowner in (select oid from grantee)
                or exists (select from pg_type s where s.typname = t.typname and s.oid < 16384)
                or exists (select from pg_depend d
                            where d.refclassid = 'pg_type'::regclass and d.refobjid = t.oid and d.deptype <> 'i'
                              and (d.classid in ('pg_operator'::regclass, 'pg_cast'::regclass, 'pg_transform'::regclass, 'pg_opclass'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass)
                                   or (d.classid = 'pg_proc'::regclass and d.objid in (select oid from routine))))
                or strpos((select text from said), replace(lower(t.typname), '"', '""')) > 0
                or exists (select from pg_enum e where e.enumtypid = t.oid and strpos((select text from said), lower(quote_literal(e.enumlabel))) > 0)))
          or greatest(t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid, t.typmodin::oid, t.typmodout::oid, t.typanalyze::oid, t.typsubscript::oid) >= 16384)
), loose as materialized (
  select l.oid::regcollation as collation from pg_collation l where not l.collisdeterministic
), item as (
  select case r.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind, r.name as object,
         concat_ws('|', r.relkind, o.rolname, o.rolsuper or o.rolbypassrls, r.relrowsecurity, r.relforcerowsecurity,
           case when r.relkind in ('v', 'm') then concat(pg_get_viewdef(r.oid), array_to_string(r.reloptions, ',')) end,
           case when r.relkind = 'f' then (
             select concat(f.ftserver, f.ftoptions,
                      (select string_agg(concat_ws(' ', a.attname, a.attfdwoptions), ',' order by a.attnum)
                         from pg_attribute a where a.attrelid = f.ftrelid and a.attfdwoptions is not null and not a.attisdropped))
               from pg_foreign_table f
              where f.ftrelid = r.oid) end,
           -- Of a table without row security everything below it is shown.
           case when not r.relrowsecurity then (select string_agg(i.inhrelid::regclass::text, ',' order by i.inhrelid::regclass::text collate "C") from pg_inherits i where i.inhparent = r.oid) end,
           (select string_agg(i.inhparent::regclass::text, ',' order by i.inhseqno) from pg_inherits i where i.inhrelid = r.oid)) as definition
    from reached r join role o on o.oid = r.relowner
  union all
  select 'rights', r.name,
         concat_ws('|', (select string_agg(g::text, ',' order by g::text collate "C")
                           from unnest(coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner))) g),
           (select string_agg(concat(a.attname, ' ', g::text), ',' order by a.attname, g::text collate "C")
              from pg_attribute a cross join lateral unnest(a.attacl) g where a.attrelid = r.oid and a.attacl is not null and not a.attisdropped))
    from reached r
  union all
  -- What is too long for its row lies where no policy is asked.
  select 'rights', r.name, concat_ws(' ', 'toast', g.acl, g.attname)
    from relation r
    join pg_class t on t.oid = r.reltoastrelid
   cross join lateral (
     select e::text as acl, null::name as attname from unnest(t.relacl) e
     union all
     select e::text, a.attname from pg_attribute a cross join lateral unnest(a.attacl) e where a.attrelid = t.oid and a.attacl is not null) g
  union all
  select 'rights', r.name, concat_ws(' ', g.grantee::regrole, g.privilege, g.is_grantable, g.attname)
    from beside r
   cross join lateral (
     select r.relowner as grantee, 'owner' as privilege, null::boolean as is_grantable, null::name as attname
     union all
     select e.grantee, e.privilege_type, e.is_grantable, null from aclexplode(r.relacl) e
     union all
     select e.grantee, e.privilege_type, e.is_grantable, a.attname
       from pg_attribute a cross join lateral aclexplode(a.attacl) e
      where a.attrelid = r.oid and a.attacl is not null and not a.attisdropped) g
   where g.grantee in (select oid from holder)
  union all
  select 'policy', format('%s %I', p.name, p.polname),
         concat_ws('|', p.polpermissive, p.polcmd,
           case cardinality(p.polroles) when 1 then p.polroles[1]::regrole::text
                else (select string_agg(m.oid::regrole::text, ',' order by m.oid::regrole::text collate "C") from unnest(p.polroles) m (oid)) end,
           coalesce(p.visible, 'none'), coalesce(p.admitted, 'none'))
    from policy p
   where p.reached
  union all
  select 'default', format('%s.%I', d.name, d.attname), concat_ws('|', d.attgenerated, pg_get_expr(d.adbin, d.adrelid))
    from tenant_default d
  union all
  select 'columns', r.name,
         concat_ws('|', (select string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity), ',' order by a.attnum)
                           from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped),
           (select string_agg(concat_ws(' ', k.conname, pg_get_constraintdef(k.oid)), ',' order by k.conname collate "C") from pg_constraint k where k.conrelid = r.oid))
    from reached r
   where r.own and r.relkind in ('r', 'p')
  union all
  select 'trigger', format('%s %I', t.name, t.tgname), concat_ws('|', t.tgenabled, pg_get_triggerdef(t.oid))
    from trigger t
  union all
  select 'rule', format('%s %I', r.name, w.rulename), concat_ws('|', w.ev_enabled, pg_get_ruledef(w.oid))
    from touched r join pg_rewrite w on w.ev_class = r.oid
   where w.rulename <> '_RETURN'
  union all
  select 'foreign key', format('%s %I', k.name, k.conname), pg_get_constraintdef(k.oid)
    from leading_key k
  union all
  -- It tells a tenant that another has a value.
  select 'unique key', format('%s %I', r.name, x.relname), pg_get_indexdef(i.indexrelid)
    from reached r
    join tenants_column t on t.relation = r.oid
    join pg_index i on i.indrelid = r.oid and (i.indisunique or i.indisexclusion)
    join pg_class x on x.oid = i.indexrelid
   where t.attnum <> all (string_to_array(i.indkey::text, ' ')::int2[])
  union all
  -- What a policy, a trigger, a rule, a default or a text runs, whichever of them runs it (docs/decisions/027-what-counts.md). Of each the whole row, in names: what is written of it by its number is another in a copy of the database.
  select 'function', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
         (to_jsonb(p) - array['oid', 'proname', 'pronamespace', 'proargtypes', 'proallargtypes', 'proargdefaults', 'prosqlbody'] || jsonb_build_object(
           'proowner', concat_ws('|', o.rolname, o.rolsuper or o.rolbypassrls), 'prolang', l.lanname, 'prosupport', p.prosupport::regprocedure,
           'provariadic', format_type(p.provariadic, null), 'prorettype', pg_get_function_result(p.oid), 'arguments', pg_get_function_arguments(p.oid),
           'protrftypes', p.protrftypes::regtype[], 'prosrc', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc),
           'proacl', (select string_agg(g::text, ',' order by g::text collate "C") from unnest(coalesce(p.proacl, acldefault('f', p.proowner))) g),
           'aggregate', case p.prokind when 'a' then (
             select to_jsonb(a) - 'aggfnoid' || jsonb_build_object('aggtransfn', a.aggtransfn::regprocedure, 'aggfinalfn', a.aggfinalfn::regprocedure,
                      'aggcombinefn', a.aggcombinefn::regprocedure, 'aggserialfn', a.aggserialfn::regprocedure, 'aggdeserialfn', a.aggdeserialfn::regprocedure,
                      'aggmtransfn', a.aggmtransfn::regprocedure, 'aggminvtransfn', a.aggminvtransfn::regprocedure, 'aggmfinalfn', a.aggmfinalfn::regprocedure,
                      'aggsortop', a.aggsortop::regoperator, 'aggtranstype', a.aggtranstype::regtype, 'aggmtranstype', a.aggmtranstype::regtype)
               from pg_aggregate a
              where a.aggfnoid = p.oid) end))::text
    from routine u
    join pg_proc p on p.oid = u.oid
    join pg_namespace n on n.oid = p.pronamespace
    join role o on o.oid = p.proowner
    join pg_language l on l.oid = p.prolang
  union all
  select 'operator', p.oid::regoperator::text,
         (to_jsonb(p) - array['oid', 'oprname', 'oprnamespace', 'oprleft', 'oprright'] || jsonb_build_object('oprowner', o.rolname, 'oprresult', p.oprresult::regtype,
           'oprcom', p.oprcom::regoperator, 'oprnegate', p.oprnegate::regoperator, 'oprcode', p.oprcode::regprocedure, 'oprrest', p.oprrest::regprocedure,
           'oprjoin', p.oprjoin::regprocedure))::text
    from pg_operator p
    join made n on n.oid = p.oprnamespace
    join role o on o.oid = p.oprowner
   where p.oid >= 16384
  union all
  select 'operator class', format('%I.%I using %I', n.nspname, c.opcname, m.amname),
         (to_jsonb(c) - array['oid', 'opcname', 'opcnamespace', 'opcmethod'] || jsonb_build_object('opcowner', o.rolname,
           'opcfamily', (select format('%s.%I', f.opfnamespace::regnamespace, f.opfname) from pg_opfamily f where f.oid = c.opcfamily),
           'opcintype', c.opcintype::regtype, 'opckeytype', c.opckeytype::regtype))::text
    from pg_opclass c
    join made n on n.oid = c.opcnamespace
    join role o on o.oid = c.opcowner
    join pg_am m on m.oid = c.opcmethod
   where c.oid >= 16384
  union all
  select 'operator family', format('%s.%I using %I', f.opfnamespace::regnamespace, f.opfname, m.amname), c.definition
    from (select f.oid as family, concat_ws(' ', 'owner', o.rolname) as definition from pg_opfamily f join role o on o.oid = f.opfowner where f.oid >= 16384
          union all
          select p.amopfamily, (to_jsonb(p) - array['oid', 'amopfamily', 'amopmethod'] || jsonb_build_object('amoplefttype', p.amoplefttype::regtype, 'amoprighttype', p.amoprighttype::regtype,
                   'amopopr', p.amopopr::regoperator, 'amopsortfamily', (select format('%s.%I', s.opfnamespace::regnamespace, s.opfname) from pg_opfamily s where s.oid = p.amopsortfamily)))::text
            from pg_amop p
           where p.oid >= 16384
          union all
          select p.amprocfamily, (to_jsonb(p) - array['oid', 'amprocfamily'] || jsonb_build_object('amproclefttype', p.amproclefttype::regtype, 'amprocrighttype', p.amprocrighttype::regtype,
                   'amproc', p.amproc::regprocedure))::text
            from pg_amproc p
           where p.oid >= 16384) c
    join pg_opfamily f on f.oid = c.family
    join pg_am m on m.oid = f.opfmethod
  union all
  select 'type', format_type(t.oid, null),
         (to_jsonb(t) - array['oid', 'typname', 'typnamespace', 'typrelid', 'typarray'] || jsonb_build_object('typowner', o.rolname,
           'typelem', t.typelem::regtype, 'typbasetype', format_type(t.typbasetype, t.typtypmod), 'typcollation', t.typcollation::regcollation,
           'typinput', t.typinput::regprocedure, 'typoutput', t.typoutput::regprocedure, 'typreceive', t.typreceive::regprocedure, 'typsend', t.typsend::regprocedure,
           'typmodin', t.typmodin::regprocedure, 'typmodout', t.typmodout::regprocedure, 'typanalyze', t.typanalyze::regprocedure, 'typsubscript', t.typsubscript::regprocedure,
           'typdefaultbin', pg_get_expr(t.typdefaultbin, 0),
           'typacl', (select string_agg(g::text, ',' order by g::text collate "C") from unnest(coalesce(t.typacl, acldefault('T', t.typowner))) g),
           'checks', (select jsonb_object_agg(k.conname, concat_ws(' ', k.convalidated, pg_get_constraintdef(k.oid))) from pg_constraint k where k.contypid = t.oid),
           'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
           'attributes', (select jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation) order by a.attnum)
                            from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
           'range', (select to_jsonb(g) - 'rngtypid' || jsonb_build_object('rngsubtype', g.rngsubtype::regtype, 'rngmultitypid', g.rngmultitypid::regtype,
                              'rngcollation', g.rngcollation::regcollation, 'rngcanonical', g.rngcanonical::regprocedure, 'rngsubdiff', g.rngsubdiff::regprocedure,
                              'rngsubopc', (select format('%s.%I', c.opcnamespace::regnamespace, c.opcname) from pg_opclass c where c.oid = g.rngsubopc))
                       from pg_range g
                      where g.rngtypid = t.oid)))::text
    from type u
    join pg_type t on t.oid = u.oid
    join role o on o.oid = t.typowner
  union all
  select 'conversion', format('%I.%I', n.nspname, c.conname),
         (to_jsonb(c) - array['oid', 'conname', 'connamespace'] || jsonb_build_object('conowner', o.rolname, 'conproc', c.conproc::regprocedure))::text
    from pg_conversion c
    join made n on n.oid = c.connamespace
    join role o on o.oid = c.conowner
   where c.oid >= 16384 and c.condefault
  union all
  select 'transform', concat_ws(' ', t.trftype::regtype, l.lanname), concat_ws('|', t.trffromsql::regprocedure, t.trftosql::regprocedure)
    from pg_transform t join pg_language l on l.oid = t.trflang
  union all
  select 'access method', m.amname, concat_ws('|', m.amtype, m.amhandler::regprocedure)
    from pg_am m
   where m.oid >= 16384
  union all
  select 'text search', format('%s %I.%I', x.word, n.nspname, x.name), x.definition
    from (select 'configuration' as word, c.oid, c.cfgname as name, c.cfgnamespace as namespace,
                 concat_ws('|', c.cfgowner::regrole, (select format('%s.%I', p.prsnamespace::regnamespace, p.prsname) from pg_ts_parser p where p.oid = c.cfgparser),
                   (select string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ',' order by m.maptokentype, m.mapseqno)
                      from pg_ts_config_map m where m.mapcfg = c.oid)) as definition
            from pg_ts_config c
          union all
          select 'dictionary', d.oid, d.dictname, d.dictnamespace,
                 concat_ws('|', d.dictowner::regrole, (select format('%s.%I', t.tmplnamespace::regnamespace, t.tmplname) from pg_ts_template t where t.oid = d.dicttemplate), d.dictinitoption)
            from pg_ts_dict d
          union all
          select 'parser', p.oid, p.prsname, p.prsnamespace,
                 concat_ws('|', p.prsstart::regprocedure, p.prstoken::regprocedure, p.prsend::regprocedure, p.prsheadline::regprocedure, p.prslextype::regprocedure)
            from pg_ts_parser p
          union all
          select 'template', t.oid, t.tmplname, t.tmplnamespace, concat_ws('|', t.tmplinit::regprocedure, t.tmpllexize::regprocedure) from pg_ts_template t) x
    join made n on n.oid = x.namespace
   where x.oid >= 16384
  union all
  select 'call', c.object, c.definition
    from calling c
  union all
  -- What every statement goes by, as the server was delivered. Of a view it is the transaction that wrote it.
  select 'functions', 'the server''s own',
         concat_ws('|', count(*), sum(hash_record_extended(row(p.oid, p.proname, p.pronamespace, p.proowner, p.prolang, p.procost, p.prorows, p.provariadic, p.prosupport, p.prokind, p.prosecdef,
           p.proleakproof, p.proisstrict, p.proretset, p.provolatile, p.proparallel, p.pronargs, p.prorettype, p.proargtypes, p.proallargtypes, p.proargmodes, p.proargnames,
           p.proargdefaults, p.protrftypes, p.prosrc, p.probin, p.prosqlbody, p.proconfig), 0)))
    from pg_proc p
   where p.oid < 16384
  union all
  select s.kind, 'the server''s own', concat_ws('|', count(*), sum(s.told))
    from (select 'operators' as kind, hash_record_extended(o, 0) as told from pg_operator o where o.oid < 16384
          union all
          select 'casts', hash_record_extended(t, 0) from pg_cast t where t.oid < 16384
          union all
          select 'aggregates', hash_record_extended(a, 0) from pg_aggregate a where a.aggfnoid::oid < 16384
          union all
          select 'operator classes', hash_record_extended(c, 0) from pg_opclass c where c.oid < 16384
          union all
          select 'operator families', hash_record_extended(f, 0) from pg_opfamily f where f.oid < 16384
          union all
          select 'operator families', hash_record_extended(p, 1) from pg_amop p where p.oid < 16384
          union all
          select 'operator families', hash_record_extended(p, 2) from pg_amproc p where p.oid < 16384
          union all
          select 'types', hash_record_extended(t, 0) from pg_type t where t.oid < 16384
          union all
          select 'types', hash_record_extended(g, 1) from pg_range g where g.rngtypid < 16384
          union all
          select 'conversions', hash_record_extended(c, 0) from pg_conversion c where c.oid < 16384
          union all
          select 'access methods', hash_record_extended(m, 0) from pg_am m where m.oid < 16384
          union all
          select 'text searches', hash_record_extended(c, 0) from pg_ts_config c where c.oid < 16384
          union all
          select 'text searches', hash_record_extended(m, 1) from pg_ts_config_map m where m.mapcfg < 16384
          union all
          select 'text searches', hash_record_extended(d, 2) from pg_ts_dict d where d.oid < 16384
          union all
          select 'text searches', hash_record_extended(p, 3) from pg_ts_parser p where p.oid < 16384
          union all
          select 'text searches', hash_record_extended(t, 4) from pg_ts_template t where t.oid < 16384
          union all
          -- By these rights are told from those that were given since. An extension's script writes them, too.
          select 'delivered rights', hash_record_extended(v, 0) from pg_init_privs v where v.objoid < 16384) s
   group by s.kind
  union all
  -- No statement names a cast by which it has its value, nor an operator's collation.
  select 'cast', format('%s as %s', format_type(t.castsource, null), format_type(t.casttarget, null)),
         concat_ws('|', nullif(t.castfunc, 0)::regprocedure, t.castcontext, t.castmethod)
    from pg_cast t
   where t.oid >= 16384
  union all
  select 'collation', l.oid::regcollation::text,
         (to_jsonb(l) - array['oid', 'collname', 'collnamespace', 'collversion'] || jsonb_build_object('collowner', o.rolname))::text
    from pg_collation l
    join made n on n.oid = l.collnamespace
    join role o on o.oid = l.collowner
   where l.oid >= 16384 or not l.collisdeterministic
  union all
  -- By one that is not deterministic two tenants' keys, or two users', may be equal. What takes it for its own is told, whatever it is.
  select 'collation', format('%s %s', w.type, w.identity), string_agg(l.collation::text, ',' order by l.collation::text collate "C")
    from loose l
    join pg_depend d on d.refclassid = 'pg_collation'::regclass and d.refobjid = l.collation::oid
   cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) w
   where coalesce(w.schema !~ '^pg_temp', true)
   group by w.type, w.identity
  union all
  select 'views', 'the server''s own', concat_ws('|', count(*), sum(w.xmin::text::bigint), string_agg(w.ev_enabled::text, '' order by w.oid))
    from pg_rewrite w
   where w.ev_class < 16384
  union all
  select 'rights', format('%s of the server''s own', i.name), string_agg(g::text, ',' order by g::text collate "C")
    from (select p.oid::regprocedure::text as name, coalesce(p.proacl, acldefault('f', p.proowner)) as acl
            from pg_proc p left join pg_init_privs v on v.classoid = 'pg_proc'::regclass and v.objoid = p.oid and v.objsubid = 0
           where p.pronamespace = 'pg_catalog'::regnamespace and p.proacl is distinct from v.initprivs
          union all
          select c.oid::regclass::text, coalesce(c.relacl, acldefault('r', c.relowner))
            from pg_class c left join pg_init_privs v on v.classoid = 'pg_class'::regclass and v.objoid = c.oid and v.objsubid = 0
           where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v') and c.relacl is distinct from v.initprivs
          union all
          select format('%s.%I', a.attrelid::regclass, a.attname), a.attacl
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid and c.relnamespace = 'pg_catalog'::regnamespace
            left join pg_init_privs v on v.classoid = 'pg_class'::regclass and v.objoid = a.attrelid and v.objsubid = a.attnum
           where a.attacl is not null and a.attacl is distinct from v.initprivs) i
   cross join lateral unnest(i.acl) g
   group by i.name
  union all
  select 'schema', n.nspname,
         concat_ws('|', o.rolname, (select string_agg(g::text, ',' order by g::text collate "C") from unnest(coalesce(n.nspacl, acldefault('n', n.nspowner))) g))
    from pg_namespace n join role o on o.oid = n.nspowner
   where n.nspname !~ '^pg_(toast_)?temp_'
     and (n.nspname in ('tenantry', 'tenantry_watch', 'pg_catalog', 'information_schema') or n.nspowner in (select oid from grantee)
          or exists (select from aclexplode(n.nspacl) g where g.grantee in (select oid from grantee)))
  union all
  select 'database', 'this one',
         concat_ws('|', o.rolname, (select string_agg(g::text, ',' order by g::text collate "C") from unnest(coalesce(d.datacl, acldefault('d', d.datdba))) g))
    from pg_database d join role o on o.oid = d.datdba
   where d.datname = current_database()
  union all
  select 'language', l.lanname,
         concat_ws('|', o.rolname, l.lanpltrusted, l.lanplcallfoid::regprocedure, l.laninline::regprocedure, l.lanvalidator::regprocedure,
           (select string_agg(g::text, ',' order by g::text collate "C") from unnest(coalesce(l.lanacl, acldefault('l', l.lanowner))) g))
    from pg_language l join role o on o.oid = l.lanowner
   where l.lanname not in ('internal', 'c')
  union all
  select 'parameter', a.parname, (select string_agg(g::text, ',' order by g::text collate "C") from unnest(a.paracl) g)
    from pg_parameter_acl a
  union all
  select 'rights of new objects', concat_ws(' ', r.rolname, n.nspname, d.defaclobjtype), (select string_agg(g::text, ',' order by g::text collate "C") from unnest(d.defaclacl) g)
    from pg_default_acl d join role r on r.oid = d.defaclrole left join pg_namespace n on n.oid = d.defaclnamespace
  union all
  select 'foreign server', s.srvname,
         concat_ws('|', s.srvoptions, (select string_agg(g::text, ',' order by g::text collate "C") from unnest(coalesce(s.srvacl, acldefault('S', s.srvowner))) g),
           w.fdwname, w.fdwoptions, w.fdwowner::regrole, w.fdwhandler::regprocedure, w.fdwvalidator::regprocedure, o.rolname,
           (select string_agg(concat_ws(' ', case when m.umuser in (select oid from grantee where oid <> 0) then 'app' else m.usename end, v.version), ',' order by m.usename collate "C")
              from pg_user_mappings m left join tenantry_watch.user_mapping_versions() v on v.mapping = m.umid
             where m.srvid = s.oid))
    from pg_foreign_server s
    join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    join role o on o.oid = s.srvowner
  union all
  select 'changes', 'past what judges each change', u.changes::text from tenantry_watch.unjudged() u (changes) where u.changes > 0
  union all
  select 'event trigger', e.evtname, concat_ws('|', e.evtevent, e.evtenabled, e.evttags, e.evtfoid::regprocedure, o.rolname)
    from pg_event_trigger e join role o on o.oid = e.evtowner
  union all
  select 'role', r.rolname,
         concat_ws('|', r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolcanlogin, r.rolinherit,
           (select string_agg(concat_ws(' ', g.rolname, to_jsonb(m) - 'oid' - 'roleid' - 'member' - 'grantor'), ',' order by g.rolname collate "C")
              from pg_auth_members m join role g on g.oid = m.roleid
             where m.member = r.oid and not g.rolcanlogin))
    from role r
   where r.rolname ~ '^tenantry_'
  union all
  -- Which login it is comes and goes: what counts is what any of them may be.
  select 'role', 'logins of app', string_agg(distinct x.word, ',' order by x.word)
    from role a
   cross join lateral (
     select 'may be ' || r.rolname as word from role r where r.rolname <> 'tenantry_app' and r.oid <> a.oid and pg_has_role(a.oid, r.oid, 'member')
     union all
     select w.word from (values (a.rolbypassrls, 'bypasses row-level security'), (a.rolcreaterole, 'may create roles'), (a.rolcreatedb, 'may create databases'), (a.rolreplication, 'may replicate')) w (applies, word) where w.applies
   ) x
   where a.rolcanlogin and not a.rolsuper and pg_has_role(a.oid, 'tenantry_app', 'usage')
  having count(*) > 0
  union all
  select 'role', b.login, string_agg(distinct x.word, ',' order by x.word)
    from below b
    join role l on l.oid = b.oid and l.rolcanlogin
   cross join lateral (
     select 'may be ' || r.rolname as word
       from weighty r
      where not l.rolsuper and r.oid not in (select o.oid from below o where o.login = b.login) and pg_has_role(l.oid, r.oid, 'member')
     union all
     select w.word from (values (l.rolsuper, 'is a superuser'), (l.rolbypassrls, 'bypasses row-level security'), (l.rolcreaterole, 'may create roles'), (l.rolcreatedb, 'may create databases'), (l.rolreplication, 'may replicate')) w (applies, word) where w.applies
   ) x
   group by b.login
  union all
  -- For whom a view reads, and as whom a function runs: policies for those whom he is a member of bind him.
  select 'role', o.rolname, string_agg('may be ' || w.rolname, ',' order by w.rolname collate "C")
    from role o
    join weighty w on w.oid <> o.oid and pg_has_role(o.oid, w.oid, 'usage')
   where not o.rolsuper
     and o.oid in (select r.relowner from reached r union select p.proowner from routine u join pg_proc p on p.oid = u.oid where p.prosecdef)
   group by o.rolname
  union all
  -- Nobody logs in as these.
  select 'role', 'members of ' || m.rolname, string_agg(distinct m.word, ',' order by m.word)
    from (select g.rolname, case when r.rolcanlogin then 'a login' else r.rolname end as word
            from role g join pg_auth_members a on a.roleid = g.oid join role r on r.oid = a.member
           where g.rolname in ('tenantry_watcher', 'tenantry_definer', 'tenantry_probe') and not r.rolsuper) m
   group by m.rolname
  union all
  select 'settings', case when s.setrole = 0 then 'of everybody' when r.rolcanlogin then 'of logins of app' else r.rolname end, string_agg(distinct c.setting, ',' order by c.setting)
    from pg_db_role_setting s
    left join role r on r.oid = s.setrole
   cross join lateral unnest(s.setconfig) c (setting)
   where s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
     and (s.setrole = 0 or r.rolname = 'tenantry_app' or (r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, 'tenantry_app', 'usage')))
   group by 2
)
select i.kind, i.object, left(encode(sha256(convert_to(string_agg(coalesce(i.definition, ''), chr(10) order by i.definition collate "C"), 'UTF8')), 'hex'), 32)
  from item i
 group by i.kind, i.object
$fingerprint$;

-- The items as one.
create or replace function tenantry_watch.fingerprint() returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(coalesce(string_agg(concat_ws(chr(10), i.kind, i.object, i.digest), chr(10) order by i.kind collate "C", i.object collate "C"), ''), 'UTF8')), 'hex')
    from tenantry_watch.fingerprint_items() i
$$;
alter function tenantry_watch.user_mapping_versions() owner to tenantry_watcher;
alter function tenantry_watch.unjudged() owner to tenantry_watcher;
alter function tenantry_watch.fingerprint_items() owner to tenantry_watcher;
alter function tenantry_watch.fingerprint() owner to tenantry_watcher;
