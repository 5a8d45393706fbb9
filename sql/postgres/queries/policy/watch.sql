-- What no event trigger of this database sees and tenants' safety rests on, and what those triggers rest on themselves, as one text that is
-- another one as soon as any of it is: asked every second, as app. Rows of the catalogs alone: what it means is found out by the check of a new connection.
-- `noted` is always the same: whatever an event trigger notes is judged in its transaction, and the log is not admin's.
with recursive become as (
  select r.oid from pg_catalog.pg_roles r where r.rolname = session_user
  union
  select m.roleid from become b join pg_catalog.pg_auth_members m on m.member = b.oid
), other as (
  select r.oid from pg_catalog.pg_roles r where r.rolname in ('tenantry_superuser', 'tenantry_mover')
  union
  select m.member from other o join pg_catalog.pg_auth_members m on m.roleid = o.oid
), owning as (
  -- For whom views read, and as whom functions run.
  select p.proowner as oid from pg_catalog.pg_proc p where p.prosecdef and p.oid >= 16384
  union
  select c.relowner from pg_catalog.pg_class c where c.relkind in ('v', 'm', 'f') and c.relpersistence <> 't' and c.oid >= 16384
  union
  select m.roleid from owning o join pg_catalog.pg_auth_members m on m.member = o.oid
), role as (
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolcanlogin, r.rolinherit
    from pg_catalog.pg_roles r
   where r.oid in (select b.oid from become b) or r.oid in (select o.oid from other o) or r.oid in (select o.oid from owning o)
      or r.rolname in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover', 'tenantry_admin', 'tenantry_definer', 'tenantry_watcher', 'tenantry_probe')
), word as (
  select concat_ws('|', 'role', to_jsonb(r)) as word from role r
  union all
  select concat_ws('|', 'member', to_jsonb(m)) from pg_catalog.pg_auth_members m join role r on r.oid = m.member
   where not r.rolcanlogin or r.oid in (select b.oid from become b) or r.oid in (select o.oid from other o) or r.oid in (select o.oid from owning o)
  union all
  select concat_ws('|', 'setting', to_jsonb(s)) from pg_catalog.pg_db_role_setting s
   where s.setrole = 0 or s.setrole in (select r.oid from role r)
  union all
  select concat_ws('|', 'parameter', p.parname, p.paracl) from pg_catalog.pg_parameter_acl p
  union all
  select concat_ws('|', 'database', d.datdba, d.datacl) from pg_catalog.pg_database d where d.datname = current_database()
  union all
  select concat_ws('|', 'event trigger', e.evtname, e.evtenabled, e.evtfoid, e.evtowner, e.evtevent, e.evttags) from pg_catalog.pg_event_trigger e
  union all
  -- What the triggers rest on, and, where they are switched off for a session or not to be had, the policies themselves.
  select concat_ws('|', 'trigger', t.oid, t.tgenabled, t.tgfoid) from pg_catalog.pg_trigger t where t.tgrelid = 'tenantry_watch.change_log'::regclass
  union all
  select concat_ws('|', 'rights', c.oid, c.relowner, c.relacl) from pg_catalog.pg_class c where c.oid in ('tenantry_watch.change_log'::regclass, 'tenantry_watch.gate'::regclass, 'tenantry_watch.accepted'::regclass)
  union all
  select concat_ws('|', 'function', p.oid, p.xmin) from pg_catalog.pg_proc p
   where p.pronamespace in (select n.oid from pg_catalog.pg_namespace n where n.nspname in ('tenantry', 'tenantry_watch'))
  union all
  -- REASSIGN OWNED tells no trigger of whose rows a view or a function shows from then on: who owned one owns none any more.
  select concat_ws('|', 'owner', p.oid, p.proowner) from pg_catalog.pg_proc p where p.prosecdef and p.oid >= 16384
  union all
  select distinct concat_ws('|', 'owner', c.relowner) from pg_catalog.pg_class c where c.relkind in ('v', 'm', 'f') and c.relpersistence <> 't' and c.oid >= 16384
  union all
  -- Nor of what becomes the login's own by it.
  select concat_ws('|', 'owned', d.classid, d.objid, d.refobjid) from become b
    join pg_catalog.pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = b.oid and d.deptype = 'o'
   where d.dbid in (0, (select own.oid from pg_catalog.pg_database own where own.datname = current_database()))
     and not exists (select from pg_catalog.pg_class c where d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relpersistence = 't')
  union all
  -- Settings of the server, by which no trigger runs.
  select concat_ws('|', 'triggers', current_setting('session_replication_role'), current_setting('event_triggers', true))
  union all
  select concat_ws('|', 'unjudged', tenantry_watch.unjudged())
  union all
  select concat_ws('|', 'policy', p.oid, p.xmin) from pg_catalog.pg_policy p
  union all
  select concat_ws('|', 'row security', c.oid, c.relforcerowsecurity, c.relowner) from pg_catalog.pg_class c where c.relrowsecurity
  union all
  -- By what no column of theirs can hide: whatever was written to the two rows, and if it was put back. The gate and an acceptance end by themselves.
  select concat_ws('|', 'gate', g.xmin, coalesce(g.override_until > now(), false)) from tenantry_watch.gate g
  union all
  -- A new one may be of what a connection is to be opened otherwise for, such as a procedure that leaves settings.
  select concat_ws('|', 'accepted', a.xmin, coalesce(a.valid_until > now(), true)) from tenantry_watch.accepted a
)
select encode(sha256(convert_to(string_agg(w.word, chr(10) order by w.word collate "C"), 'UTF8')), 'hex') as "state", '' as "noted"
  from word w
