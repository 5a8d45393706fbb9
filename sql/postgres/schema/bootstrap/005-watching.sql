-- Whoever defines, alters or drops anything in this database is noted, and a new table with a tenant column is covered by the statement
-- that makes it. The functions belong to a role to which nobody belongs, in a schema of their own: what runs when the server's superuser
-- changes something is nothing that admin could have put there. Where event triggers are not to be had, all else goes on without them.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'tenantry_watcher') then
    create role tenantry_watcher nologin noinherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
  end if;
exception
  -- Another database of the same server is being provisioned at this moment.
  when duplicate_object or unique_violation then null;
end
$$;
create schema if not exists tenantry_watch;
grant usage on schema tenantry to tenantry_watcher;
grant execute on function pg_catalog.set_config(text, text, boolean) to tenantry_watcher;

-- A session's own objects are nobody else's matter, and are made in transactions that write nothing else; a comment changes nothing. Before
-- a database is a shard there is nowhere to note anything.
-- A login of tenants makes nothing: what it could still make, such as rights of objects to come, would close the gate for all of them. Before
-- PostgreSQL 18 a deferred trigger runs as whoever commits, and the log is admin's table: a superuser's own changes are not noted there, but seen
-- by the next look of those who are connected, and by every new connection.
create or replace function tenantry_watch.is_noted() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  by_superuser constant boolean := (select r.rolsuper from pg_roles r where r.rolname = session_user);
begin
  if not by_superuser and pg_has_role(session_user, 'tenantry_app', 'usage') then
    raise exception using errcode = 'insufficient_privilege', message = 'A login of tenants defines nothing in this database.';
  end if;
  return has_table_privilege(to_regclass('tenantry.change_log'), 'insert')
    and (not by_superuser or current_setting('server_version_num')::integer >= 180000);
end
$$;

create or replace function tenantry_watch.changed() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_tag <> 'COMMENT' and tenantry_watch.is_noted() then
    insert into tenantry.change_log (login, command, object, transaction_id)
    select session_user, tg_tag, c.object, pg_current_xact_id()::text::bigint
      from (select distinct d.object_identity as object from pg_event_trigger_ddl_commands() d where d.schema_name is distinct from 'pg_temp'
            union
            -- These name no object.
            select null where tg_tag in ('DROP OWNED', 'REASSIGN OWNED')) c;
  end if;
  if tg_tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO') and has_table_privilege(to_regclass('tenantry.tenant_column'), 'select') then
    -- For the next trigger, whose user may not read it.
    perform set_config('tenantry_watch.tenant_columns', (select jsonb_agg(c.name)::text from tenantry.tenant_column c), true);
  end if;
end
$$;

create or replace function tenantry_watch.dropped() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tenantry_watch.is_noted() then
    insert into tenantry.change_log (login, command, object, transaction_id)
    select distinct session_user, tg_tag, d.object_identity, pg_current_xact_id()::text::bigint
      from pg_event_trigger_dropped_objects() d
     where d.original and not d.is_temporary;
  end if;
end
$$;

-- Gives a new table what a routed one has, but for the rights to it. This runs as whoever makes it, who alone may; it names nothing of
-- admin's that would run here. Of a table whose tenant column is of another type than tenants have nobody sees a row.
create or replace function tenantry_watch.made() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  made record;
begin
  for made in
    select distinct on (c.oid) c.oid::regclass as name, a.attname as tenant_column,
           p.prorettype = case a.atttypid when 'varchar'::regtype then 'text'::regtype else a.atttypid end as fits
      from pg_event_trigger_ddl_commands() d
      join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join jsonb_array_elements_text(nullif(current_setting('tenantry_watch.tenant_columns', true), '')::jsonb) t (name) on t.name = a.attname
      join pg_proc p on p.oid = to_regprocedure('tenantry.current_tenant()')
     where c.relkind in ('r', 'p') and c.relpersistence <> 't' and not c.relispartition and has_schema_privilege('tenantry_app', c.relnamespace, 'usage')
       and not exists (select from pg_inherits i where i.inhrelid = c.oid)
     order by c.oid, a.attnum
  loop
    execute format('alter table %s enable row level security, force row level security', made.name);
    if made.fits then
      execute format('create policy tenantry_tenant on %s as restrictive for all to tenantry_app
        using (%I = (select tenantry.current_tenant())) with check (%2$I = (select tenantry.current_tenant()))', made.name, made.tenant_column);
      execute format('create policy tenantry_base on %s for all to tenantry_app using (true) with check (true)', made.name);
      execute format('create policy tenantry_superuser on %s for select to tenantry_superuser using (true)', made.name);
      execute format('create policy tenantry_mover on %s for all to tenantry_mover using (true) with check (true)', made.name);
      execute format('create policy tenantry_admin on %s for all to tenantry_admin using (true) with check (true)', made.name);
      execute format('alter table %s alter column %I set default tenantry.current_tenant()', made.name, made.tenant_column);
    end if;
  end loop;
end
$$;

revoke execute on all functions in schema tenantry_watch from public;
alter schema tenantry_watch owner to tenantry_watcher;
alter function tenantry_watch.is_noted() owner to tenantry_watcher;
alter function tenantry_watch.changed() owner to tenantry_watcher;
alter function tenantry_watch.dropped() owner to tenantry_watcher;
alter function tenantry_watch.made() owner to tenantry_watcher;

do $$
begin
  -- By their names they run in this order.
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'tenantry_changed') then
    create event trigger tenantry_changed on ddl_command_end execute function tenantry_watch.changed();
    create event trigger tenantry_dropped on sql_drop execute function tenantry_watch.dropped();
    create event trigger tenantry_made on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO')
      execute function tenantry_watch.made();
  end if;
  -- Also where a session says that it applies what another server has decided (session_replication_role).
  alter event trigger tenantry_changed enable always;
  alter event trigger tenantry_dropped enable always;
  alter event trigger tenantry_made enable always;
exception
  when insufficient_privilege then null;
end
$$;
