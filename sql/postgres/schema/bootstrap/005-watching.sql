-- Whoever defines, alters or drops anything in this database is noted, and a new table with a tenant column is covered by the statement
-- that makes it. The functions belong to a role to which nobody belongs, in a schema of their own: what runs when the server's superuser
-- changes something is nothing that admin could have put there. Where event triggers are not to be had, all else goes on without them.
-- A session's own objects are nobody else's matter, and are made in transactions that write nothing else; a comment changes nothing.
-- A login of tenants makes nothing: what it could still make, such as rights of objects to come, would close the gate for all of them.
create or replace function tenantry_watch.refuse_tenants() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not (select r.rolsuper from pg_roles r where r.rolname = session_user) and pg_has_role(session_user, 'tenantry_app', 'usage') then
    raise exception using errcode = 'insufficient_privilege', message = 'A login of tenants defines nothing in this database.';
  end if;
end
$$;

create or replace function tenantry_watch.changed() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_tag <> 'COMMENT' then
    perform tenantry_watch.refuse_tenants();
    insert into tenantry_watch.change_log (login, command, object, transaction_id)
    select session_user, tg_tag, c.object, pg_current_xact_id()::text::bigint
      from (select distinct d.object_identity as object from pg_event_trigger_ddl_commands() d where d.schema_name is distinct from 'pg_temp'
            union
            -- This names no object.
            select null where tg_tag = 'DROP OWNED') c;
    -- What would judge later may just have been switched off. How a name is written here, with quotes, goes by the settings of the session.
    if exists (select from pg_event_trigger_ddl_commands() d where d.object_identity ~ 'tenantry_watch"?[.]') then
      perform tenantry_watch.judge();
    end if;
  end if;
  if tg_tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO') then
    -- For the next trigger, whose user may not read it.
    perform set_config('tenantry_watch.tenant_columns', (select jsonb_agg(c.name)::text from tenantry_watch.tenant_column c), true);
  end if;
end
$$;

create or replace function tenantry_watch.dropped() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform tenantry_watch.refuse_tenants();
  insert into tenantry_watch.change_log (login, command, object, transaction_id)
  select distinct session_user, tg_tag, d.object_identity, pg_current_xact_id()::text::bigint
    from pg_event_trigger_dropped_objects() d
   where d.original and not d.is_temporary;
  if exists (select from pg_event_trigger_dropped_objects() d where d.object_identity ~ 'tenantry_watch"?[.]') then
    perform tenantry_watch.judge();
  end if;
end
$$;

-- Gives a new table what a routed one has, but for the rights to it. This runs as whoever makes it, who alone may; it names nothing of
-- admin's that would run here. Of a table whose tenant column is of another type than tenants have nobody sees a row, nor of one that is made
-- by a role which may not name what policies ask.
create or replace function tenantry_watch.made() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  made record;
  -- A default is run by whoever inserts: of admin's functions none by anybody but admin.
  by_admin constant boolean := pg_has_role(current_user, 'tenantry_admin', 'usage') and not (select r.rolsuper from pg_roles r where r.rolname = current_user);
begin
  for made in
    select distinct on (c.oid) c.oid::regclass as name, a.attname as tenant_column,
           p.prorettype = case a.atttypid when 'varchar'::regtype then 'text'::regtype else a.atttypid end
             and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute') as fits
      from pg_event_trigger_ddl_commands() d
      join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join jsonb_array_elements_text(nullif(current_setting('tenantry_watch.tenant_columns', true), '')::jsonb) t (name) on t.name = a.attname
      -- Whoever makes it may not name what is in this schema, only look for it.
      join pg_namespace n on n.nspname = 'tenantry'
      join pg_proc p on p.pronamespace = n.oid and p.proname = 'current_tenant' and p.pronargs = 0
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
      if by_admin then
        execute format('alter table %s alter column %I set default tenantry.current_tenant()', made.name, made.tenant_column);
      end if;
    end if;
  end loop;
end
$$;

alter function tenantry_watch.withheld() owner to tenantry_watcher;
alter function tenantry_watch.refuse_tenants() owner to tenantry_watcher;
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
