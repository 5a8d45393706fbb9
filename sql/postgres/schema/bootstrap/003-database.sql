-- Rights inside one shard database. What PUBLIC loses here, app would otherwise have.
do $$
begin
  -- Where it was taken from PUBLIC.
  execute format('grant connect on database %I to tenantry_app, tenantry_superuser, tenantry_mover, tenantry_admin', current_database());
  execute format('grant create on database %I to tenantry_admin', current_database());
end
$$;
revoke create on schema public from public;
grant usage on schema public to tenantry_app, tenantry_superuser, tenantry_mover;
grant usage, create on schema public to tenantry_admin;

create schema if not exists tenantry authorization tenantry_admin;
do $$
declare
  schema constant oid := 'tenantry'::regnamespace;
  trusted constant oid[] := array(
    select r.oid from pg_roles r where r.rolsuper or r.rolname in (current_user, 'tenantry_admin', 'tenantry_definer', 'tenantry_watcher'));
begin
  -- TN010: this text is told.
  if exists (select from pg_namespace n where n.oid = schema and n.nspowner <> all (trusted))
     or exists (select from pg_class c where c.relnamespace = schema and c.relowner <> all (trusted))
     or exists (select from pg_proc p where p.pronamespace = schema and p.proowner <> all (trusted))
     or exists (select from pg_type t where t.typnamespace = schema and t.typowner <> all (trusted)) then
    raise exception 'The schema tenantry, or something in it, belongs to a role that is neither tenantry_admin nor a superuser, and would run as tenantry_admin: see what it is and whose, drop it or rename the schema, and provision again.'
      using errcode = 'TN010';
  end if;
end
$$;
alter schema tenantry owner to tenantry_admin;
-- What others could make there, with parameters that fit better than those of `tenantry.enter`, would be called in its place.
do $$
declare
  given oid;
begin
  for given in
    select distinct g.grantee from pg_namespace n cross join lateral aclexplode(n.nspacl) g where n.nspname = 'tenantry' and g.grantee <> n.nspowner
  loop
    execute format('revoke all on schema tenantry from %s cascade', case given when 0 then 'public' else quote_ident(pg_get_userbyid(given)) end);
  end loop;
end
$$;
grant usage on schema tenantry to tenantry_app, tenantry_superuser, tenantry_mover;
grant usage, create on schema tenantry to tenantry_definer;

grant usage on language plpgsql to tenantry_admin;

alter default privileges for role tenantry_admin revoke execute on functions from public;
alter default privileges for role tenantry_definer revoke execute on functions from public;

-- Settings, advisory locks, large objects, other sessions' texts and lives, and what a session remembers of statements,
-- sequences and random numbers: none of them knows a tenant, so none is app's. `stays`: what it leaves is there for whoever has the session next.
-- pg_advisory_unlock_all stays public: it only gives back, and a connection's reset calls it.
create or replace function tenantry_watch.withheld() returns table (routine regprocedure, stays boolean)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p.oid, coalesce(w.stays, p.proname ~ '^pg_(try_)?advisory_lock')
    from pg_proc p
    left join (values ('set_config', true), ('currval', true), ('lastval', true), ('setseed', false), ('pg_prepared_statement', false),
                      ('pg_cancel_backend', false), ('pg_terminate_backend', false), ('pg_stat_get_activity', false), ('pg_stat_get_backend_activity', false),
                      ('lo_creat', false), ('lo_create', false), ('lo_from_bytea', false), ('lo_open', false), ('lo_get', false), ('lo_put', false),
                      ('loread', false), ('lowrite', false), ('lo_truncate', false), ('lo_truncate64', false), ('lo_unlink', false)) w (name, stays)
      on w.name = p.proname
   where p.pronamespace = 'pg_catalog'::regnamespace
     and (w.name is not null or (p.proname ~ '^pg_(try_)?advisory_' and p.proname <> 'pg_advisory_unlock_all'))
$$;
do $$
declare
  routine regprocedure;
  -- What PUBLIC loses nobody of app's keeps by name.
  everybody constant text := (
    select string_agg(quote_ident(r.rolname) || ', ', '' order by r.oid) || 'public'
      from pg_catalog.pg_roles r
     where r.rolname = 'tenantry_app'
        or (r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, 'tenantry_app', 'usage') and not pg_has_role(r.oid, 'tenantry_admin', 'member')));
begin
  execute format('revoke temporary on database %I from %s cascade', current_database(), everybody);
  -- No DO: a block can hide what the router refuses, such as a login that changes its own password.
  execute format('revoke usage on language plpgsql from %s cascade', everybody);

  for routine in select w.routine from tenantry_watch.withheld() w loop
    execute format('revoke execute on function %s from %s cascade', routine, everybody);
    execute format('grant execute on function %s to tenantry_admin', routine);
  end loop;

  for routine in
    select p.oid
      from pg_catalog.pg_proc p
     where p.pronamespace = 'pg_catalog'::regnamespace
       and (p.proname = 'set_config' or (p.proname ~ '^pg_(try_)?advisory_' and p.proname <> 'pg_advisory_unlock_all'))
  loop
    execute format('grant execute on function %s to tenantry_definer', routine);
  end loop;
end
$$;
grant execute on function pg_catalog.pg_stat_get_activity(integer) to pg_monitor;
grant execute on function pg_catalog.pg_stat_get_backend_activity(integer) to pg_monitor;
