-- Whoever provisions may be the server's superuser, in a database where others could already make what they like: nothing of theirs may run.
-- For the whole transaction a name without a schema is the server's own. In a schema of the path a function or an operator whose
-- parameters fit better than the server's would be taken in its place.
set local search_path to pg_catalog, pg_temp;
-- Whoever wants to change a role of the server waits behind this where this waits.
set local lock_timeout to '5s';

-- What is looked at must be what is named afterwards: until this is through nobody else makes, drops or grants a role. Only a superuser
-- may lock these; who provisions as another holds each role by altering it, here and in what follows.
do $$
begin
  if (select r.rolsuper from pg_roles r where r.rolname = current_user) then
    lock table pg_authid, pg_auth_members in share row exclusive mode;
  end if;
end
$$;

-- The role is made before it is looked at: where another makes it meanwhile this waits for him, and what he made is looked at.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'tenantry_watcher') then
    create role tenantry_watcher nologin inherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
  end if;
exception
  -- Another database of the same server is being provisioned at this moment.
  when duplicate_object or unique_violation then null;
end
$$;
alter role tenantry_watcher inherit;

-- What watches is made again over what is there, and run. So all of it must be the watcher's or a superuser's, and reach for nothing of another's.
do $$
declare
  watcher constant oid := (select r.oid from pg_roles r where r.rolname = 'tenantry_watcher');
  trusted constant oid[] := array(select r.oid from pg_roles r where r.rolsuper or r.rolname in (current_user, 'tenantry_watcher'));
  is_there constant boolean := to_regnamespace('tenantry_watch') is not null;
  watch oid;
  given oid;
begin
  -- TN010: these texts are told.
  if exists (select from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
              where e.evtname ~ '^tenantry_'
                and (e.evtowner <> all (trusted) or p.proowner <> all (trusted)
                     or p.pronamespace is distinct from to_regnamespace('tenantry_watch')::oid)) then
    raise exception 'An event trigger whose name begins with tenantry_ belongs to a role that is no superuser, or runs a function that is not of the schema tenantry_watch or not of the role tenantry_watcher: drop it and provision again (pg_event_trigger lists them).'
      using errcode = 'TN010';
  end if;

  if exists (select from pg_roles r
              where r.oid = watcher and (r.rolsuper or r.rolbypassrls or r.rolcanlogin or r.rolcreaterole or r.rolcreatedb or r.rolreplication))
     or exists (select from pg_auth_members m where m.roleid = watcher and m.member <> all (trusted))
     or exists (select from pg_auth_members m where m.member = watcher and m.roleid <> 'pg_signal_backend'::regrole) then
    raise exception 'The role tenantry_watcher has an attribute, a member or another role besides pg_signal_backend: take it away and provision again, since whoever could become this role could become the superuser.'
      using errcode = 'TN010';
  end if;

  -- From here on nobody else makes it, and where it is one that he may not add to, what it holds stays as it is looked at.
  create schema if not exists tenantry_watch;
  watch := 'tenantry_watch'::regnamespace;
  if not is_there then
    -- What default privileges gave.
    for given in
      select distinct g.grantee from pg_namespace n cross join lateral aclexplode(n.nspacl) g where n.oid = watch and g.grantee <> n.nspowner
    loop
      execute format('revoke all on schema tenantry_watch from %s', case given when 0 then 'public' else quote_ident(pg_get_userbyid(given)) end);
    end loop;
  end if;
  if exists (select from pg_namespace n where n.oid = watch and n.nspowner <> all (trusted))
     or exists (select from pg_namespace n cross join lateral aclexplode(n.nspacl) g
                 where n.oid = watch and g.privilege_type = 'CREATE' and g.grantee <> all (trusted))
     or exists (select from pg_class c cross join lateral aclexplode(c.relacl) g
                 where c.relnamespace = watch and g.grantee <> all (trusted)
                   and g.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE'))
     or exists (
       with recursive held (classid, objid) as (
         select d.classid, d.objid from pg_depend d where d.refclassid = 'pg_namespace'::regclass and d.refobjid = watch
         union
         -- Triggers, rules, policies, defaults, constraints, indexes, sequences of columns, types of rows.
         select d.classid, d.objid from held h join pg_depend d on d.refclassid = h.classid and d.refobjid = h.objid and d.deptype in ('a', 'i', 'P', 'S')
       )
       select from held h join pg_shdepend o on o.classid = h.classid and o.objid = h.objid and o.deptype = 'o'
        where o.dbid = (select d.oid from pg_database d where d.datname = current_database()) and o.refobjid <> all (trusted)
       union all
       -- What the server was not delivered with.
       select from held h join pg_depend d on d.classid = h.classid and d.objid = h.objid
        where d.refobjid >= 16384 and d.refclassid not in ('pg_language'::regclass, 'pg_extension'::regclass)
          and not (d.refclassid = 'pg_namespace'::regclass and d.refobjid = watch)
          and not exists (select from held r where r.classid = d.refclassid and r.objid = d.refobjid)
     )
     or exists (select from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
                 where watch in (p.relnamespace, c.relnamespace) and p.relnamespace <> c.relnamespace)
     or exists (select from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class r on r.oid = k.confrelid
                 where r.relnamespace = watch and c.relnamespace <> watch) then
    raise exception 'The schema tenantry_watch was made by another than a superuser, or holds, refers to or lets in what another made, which would run as the superuser: see what it is and whose, then say drop schema tenantry_watch cascade, and provision again.'
      using errcode = 'TN010';
  end if;
end
$$;
