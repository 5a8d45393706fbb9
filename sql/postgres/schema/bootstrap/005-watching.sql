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
grant usage on schema tenantry_watch to public;
grant usage on schema tenantry to tenantry_watcher;

create or replace function tenantry_watch.note(command text, objects text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if has_table_privilege(to_regclass('tenantry.change_log'), 'insert') then
    insert into tenantry.change_log (login, command, object, transaction_id)
    select session_user, command, o.object, pg_current_xact_id()::text::bigint
      from unnest(objects) as o (object);
  end if;
end
$$;

-- Names of the columns that hold a tenant's key; none in a database that is no shard yet.
create or replace function tenantry_watch.tenant_columns() returns text[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if has_table_privilege(to_regclass('tenantry.tenant_column'), 'select') then
    return array(select c.name from tenantry.tenant_column c);
  end if;
  return '{}';
end
$$;

-- What a routed table has, but for the rights to it, done by whoever makes it. Of a table whose tenant column is of another type than
-- tenants have nobody sees a row.
create or replace function tenantry_watch.cover(made regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  tenant_column text;
  fits boolean;
begin
  select a.attname, p.prorettype = case a.atttypid when 'varchar'::regtype then 'text'::regtype else a.atttypid end
    into tenant_column, fits
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_proc p on p.oid = to_regprocedure('tenantry.current_tenant()')
   where a.attrelid = made and a.attnum > 0 and not a.attisdropped and a.attname = any (tenantry_watch.tenant_columns())
     and c.relkind in ('r', 'p') and not c.relispartition and has_schema_privilege('tenantry_app', c.relnamespace, 'usage')
     and not exists (select from pg_inherits i where i.inhrelid = made)
   order by a.attnum
   limit 1;
  if not found then
    return;
  end if;
  execute format('alter table %s enable row level security, force row level security', made);
  if fits then
    execute format('create policy tenantry_tenant on %s as restrictive for all to tenantry_app
      using (%I = (select tenantry.current_tenant())) with check (%2$I = (select tenantry.current_tenant()))', made, tenant_column);
    execute format('create policy tenantry_base on %s for all to tenantry_app using (true) with check (true)', made);
    execute format('create policy tenantry_superuser on %s for select to tenantry_superuser using (true)', made);
    execute format('create policy tenantry_mover on %s for all to tenantry_mover using (true) with check (true)', made);
    execute format('create policy tenantry_admin on %s for all to tenantry_admin using (true) with check (true)', made);
    execute format('alter table %s alter column %I set default tenantry.current_tenant()', made, tenant_column);
  end if;
end
$$;

-- A session's own objects are nobody else's matter, and are made in transactions that write nothing else; a comment changes nothing.
create or replace function tenantry_watch.changed() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_tag = 'COMMENT' then
    return;
  end if;
  if tg_tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO') then
    perform tenantry_watch.cover(c.objid)
       from pg_event_trigger_ddl_commands() c
      where c.object_type = 'table' and c.schema_name is distinct from 'pg_temp';
  end if;
  perform tenantry_watch.note(tg_tag, array(
    select distinct c.object_identity from pg_event_trigger_ddl_commands() c where c.schema_name is distinct from 'pg_temp'
    union
    -- These name no object.
    select null where tg_tag in ('DROP OWNED', 'REASSIGN OWNED')));
end
$$;

create or replace function tenantry_watch.dropped() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform tenantry_watch.note(tg_tag, array(
    select distinct d.object_identity from pg_event_trigger_dropped_objects() d where d.original and not d.is_temporary));
end
$$;

alter schema tenantry_watch owner to tenantry_watcher;
do $$
declare
  routine regprocedure;
begin
  for routine in select p.oid from pg_catalog.pg_proc p where p.pronamespace = 'tenantry_watch'::regnamespace loop
    execute format('alter function %s owner to tenantry_watcher', routine);
  end loop;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'tenantry_changed') then
    create event trigger tenantry_changed on ddl_command_end execute function tenantry_watch.changed();
    create event trigger tenantry_dropped on sql_drop execute function tenantry_watch.dropped();
  end if;
  -- Also where a session says that it applies what another server has decided (session_replication_role).
  alter event trigger tenantry_changed enable always;
  alter event trigger tenantry_dropped enable always;
exception
  when insufficient_privilege then null;
end
$$;
