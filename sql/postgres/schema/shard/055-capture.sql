-- What a move of tenants reads their changes from while they work: docs/decisions/022-capture.md. Every routed table has triggers that look at
-- one setting, and write here while a mapping is captured. No move defines anything.

-- A row that was changed, by its key: the same row as often as it was changed, under its old key and its new one.
create table tenantry.captured_change (
  mapping_id integer not null,
  -- The table that has the row, or the partitioned one above it.
  relation oid not null,
  -- Values of its primary key by name, as `jsonb_populate_record` reads them back; null where it has none: any of its rows may have changed.
  key jsonb,
  -- Numbers are given before transactions end: who reads goes by snapshots.
  transaction_id xid8 not null default pg_current_xact_id()
);
create index captured_change_mapping on tenantry.captured_change (mapping_id);

-- One row, changed whenever a mapping's capture is switched on or off: a transaction whose snapshot is older cannot lock it.
create table tenantry.capture (
  only_row boolean primary key default true check (only_row),
  switched bigint not null default 0
);
insert into tenantry.capture default values;
create index local_mapping_captured on tenantry.local_mapping (mapping_id) where captured;

-- Whether any mapping is captured, now: under a stricter isolation than READ COMMITTED the snapshot does not tell, and who could not see it
-- is refused (40001). For functions that have a search path.
create function tenantry.is_capturing() returns boolean
language plpgsql volatile
as $$
begin
  if pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.<>) 'read committed' then
    perform from tenantry.capture c for share;
  end if;
  return exists (select from tenantry.local_mapping m where m.captured);
end
$$;

-- Logs a row under the mapping that has its tenant, whoever changes it. The arguments of the trigger are the tenant column and the columns of
-- the primary key: nothing else of the row is looked at, however large it is. Values are told by settings of its own, whatever those of the session are.
create function tenantry.capture_change() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set intervalstyle = 'postgres'
set timezone = 'UTC'
set extra_float_digits = 1
set lc_monetary = 'C'
as $$
declare
  changed_relation constant oid := coalesce(pg_partition_root(tg_relid), tg_relid);
  told text := 'tenantry.encoded_key($1.' || quote_ident(tg_argv[0]) || '), ';
  tenant_before bytea;
  key_before jsonb;
  tenant_after bytea;
  key_after jsonb;
begin
  if not tenantry.is_capturing() then
    return null;
  end if;
  if tg_nargs = 1 then
    told := told || 'null::jsonb';
  else
    told := told || 'jsonb_build_object(';
    for place in 1..tg_nargs - 1 loop
      told := told || case place when 1 then '' else ', ' end || quote_literal(tg_argv[place]) || ', $1.' || quote_ident(tg_argv[place]);
    end loop;
    told := told || ')';
  end if;
  if tg_op <> 'INSERT' then
    execute 'select ' || told into tenant_before, key_before using old;
    insert into tenantry.captured_change (mapping_id, relation, key)
    select m.mapping_id, changed_relation, key_before
      from tenantry.local_mapping m
     where m.captured and tenant_before >= m.first_key and tenant_before < m.past_key;
  end if;
  if tg_op <> 'DELETE' then
    execute 'select ' || told into tenant_after, key_after using new;
    insert into tenantry.captured_change (mapping_id, relation, key)
    select m.mapping_id, changed_relation, key_after
      from tenantry.local_mapping m
     where m.captured and tenant_after >= m.first_key and tenant_after < m.past_key
       and (tenant_after, key_after) is distinct from (tenant_before, key_before);
  end if;
  return null;
end
$$;

-- No row is told of a table that is emptied as a whole: while a mapping is captured its rows are deleted one by one.
create function tenantry.refuse_truncate() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tenantry.is_capturing() then
    raise exception using errcode = 'object_in_use', message = 'A tenant of this shard is being moved: delete the rows, or wait until it has been.';
  end if;
  return null;
end
$$;

-- Tables with rows of tenants, partitions and what inherits from them included, that lack a trigger of those above, have it switched to
-- anything but what it was made with, or have another primary key than it is told.
create function tenantry.uncaptured_tables() returns table (name regclass)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive holding as (
    select p.polrelid as oid from pg_policy p where p.polname = 'tenantry_tenant'
    union
    select i.inhrelid from holding h join pg_inherits i on i.inhparent = h.oid
  ), trigger as (
    select t.tgrelid, t.tgtype, t.tgargs
      from pg_trigger t
     where t.tgenabled = 'O' and t.tgattr = ''
       and case t.tgfoid
             when 'tenantry.capture_change()'::regprocedure then pg_get_triggerdef(t.oid) like '% WHEN (tenantry.may\_be\_captured()) %'
             when 'tenantry.refuse_truncate()'::regprocedure then t.tgqual is null
             else false
           end
  )
  select h.oid::regclass
    from holding h
   cross join (values ('insert', 5), ('delete', 9), ('update', 17), ('truncate', 34)) w (operation, type)
    left join trigger t on t.tgrelid = h.oid and t.tgtype = w.type
   where case w.operation
           when 'truncate' then t.tgrelid is null
           else t.tgargs is null or t.tgargs <> substr(t.tgargs, 1, position('\x00'::bytea in t.tgargs)) || coalesce((
             select string_agg(convert_to(a.attname, getdatabaseencoding()::name) || '\x00'::bytea, ''::bytea order by k.place)
               from pg_index i
              cross join lateral unnest(i.indkey) with ordinality k (attnum, place)
               join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
              where i.indrelid = h.oid and i.indisprimary and k.place <= i.indnkeyatts), ''::bytea)
         end
$$;

-- Switches capture on, where every table logs its changes. What begins afterwards is logged, but for sessions whose session_replication_role is
-- `replica`, which nothing tells; what does not end before is told by `uncaptured_writers`, once this has committed.
create function tenantry.begin_capture(mapping integer) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  lacking text;
begin
  if to_regclass('tenantry.context_key') is not null
    and has_function_privilege('tenantry_app', 'set_config(text, text, boolean)', 'execute')
  then
    -- A statement could change the setting between two rows of its own.
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = 'app may call set_config, and could keep its changes out of the log: revoke execute on function pg_catalog.set_config from public.';
  end if;
  select min(t.name::text) into lacking from tenantry.uncaptured_tables() t;
  if lacking is not null then
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = format('Changes of %s would not be logged as they are: run tenantry policy apply.', lacking);
  end if;
  update tenantry.capture set switched = switched + 1;
  update tenantry.local_mapping m set captured = true where m.mapping_id = mapping;
  if not found then
    raise exception using errcode = 'no_data_found', message = 'There is no such mapping.';
  end if;
end
$$;

-- Switches it off, and forgets what was logged.
create function tenantry.end_capture(mapping integer) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update tenantry.capture set switched = switched + 1;
  update tenantry.local_mapping m set captured = false where m.mapping_id = mapping;
  delete from tenantry.captured_change c where c.mapping_id = mapping;
end
$$;

-- Transactions that are under way and may not know that the mapping is captured: those that entered it, and those that have written to a
-- routed table or may yet, since whoever writes holds its lock to his end. Everything is logged once none of those is left that were told
-- after `begin_capture` had committed.
create function tenantry.uncaptured_writers(mapping integer) returns table (virtual_transaction text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select distinct l.virtualtransaction
    from pg_locks l
   where l.database = (select d.oid from pg_database d where d.datname = current_database())
     and l.pid is distinct from pg_backend_pid()
     and case l.locktype
           when 'advisory' then l.classid = 1413828161 and l.objid = mapping::oid and l.objsubid = 2 and l.mode = 'ShareLock'
           when 'relation' then l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
             and exists (select from pg_trigger t where t.tgrelid = l.relation and t.tgfoid = 'tenantry.capture_change()'::regprocedure)
           else false
         end
$$;

-- Rows that have changed, each once: those that the calling transaction sees and that `since`, the `pg_current_snapshot()` of an earlier
-- reading, did not. Null: all. To be read, with the rows themselves, under REPEATABLE READ.
create function tenantry.captured_keys(mapping integer, since pg_snapshot default null)
returns table (schema_name text, table_name text, key jsonb)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select distinct n.nspname::text, r.relname::text, c.key
    from tenantry.captured_change c
    join pg_class r on r.oid = c.relation
    join pg_namespace n on n.oid = r.relnamespace
   where c.mapping_id = mapping and (since is null or not pg_visible_in_snapshot(c.transaction_id, since))
$$;

revoke execute on function
  tenantry.is_capturing(), tenantry.capture_change(), tenantry.refuse_truncate(), tenantry.uncaptured_tables(),
  tenantry.begin_capture(integer), tenantry.end_capture(integer), tenantry.uncaptured_writers(integer),
  tenantry.captured_keys(integer, pg_snapshot)
  from public;
grant select on tenantry.captured_change to tenantry_mover;
grant execute on function tenantry.captured_keys(integer, pg_snapshot) to tenantry_mover;
grant insert on tenantry.captured_change to tenantry_definer;
-- UPDATE is what SELECT ... FOR SHARE asks for.
grant select, update on tenantry.capture to tenantry_definer;
grant execute on function tenantry.is_capturing() to tenantry_definer;
alter function tenantry.capture_change() owner to tenantry_definer;
alter function tenantry.refuse_truncate() owner to tenantry_definer;
