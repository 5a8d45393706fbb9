-- How a transaction of app becomes a tenant's. One of the four forms of `enter` runs for every statement: plpgsql, because it takes
-- the lock without a query of its own; every name and operator with its schema, in place of a search_path to push and pop; no
-- value to return, which would be one expression more.
-- The gate is looked at with the mapping: who finds it open keeps it from being closed behind his back until his transaction has ended. It
-- stands in the comparison of a column, since as a condition of its own it would be a plan node above the scan, and that would ask for all columns. Its
-- end counts when the entry is made: a transaction may have begun long before.
-- `ticket` is the epoch that the caller knows, as eight bytes, and the token of the mapping at that epoch: one value to compare.

-- Everything that is not the common case: raises the reason of a refusal, or admits a transaction that holds the mapping's lock
-- under an isolation stricter than READ COMMITTED. There a snapshot can be older than the lock, so the row itself is locked
-- too: one that has changed since is 40001.
create function tenantry.enter_slowly(mapping integer, tenant_key bytea, ticket bytea, locked boolean)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  locks_row constant boolean := locked and current_setting('transaction_isolation') <> 'read committed';
  claimed_epoch constant bigint := ('x' || encode(substr(ticket, 1, 8), 'hex'))::bit(64)::bigint;
  found_mapping tenantry.local_mapping;
begin
  if locks_row then
    select * into found_mapping from tenantry.local_mapping m where m.mapping_id = mapping for share;
  else
    select * into found_mapping from tenantry.local_mapping m where m.mapping_id = mapping;
  end if;

  -- Without the right token no more can be learnt than the first four say.
  if found_mapping.mapping_id is null then
    raise exception using errcode = 'TN001', message = 'UNKNOWN_MAPPING';
  elsif found_mapping.state = 'MOVED' then
    raise exception using errcode = 'TN005', message = 'MOVED',
      detail = json_build_object('shardId', found_mapping.moved_to, 'epoch', found_mapping.moved_epoch)::text;
  elsif found_mapping.epoch is distinct from claimed_epoch then
    raise exception using errcode = 'TN006', message = 'STALE_EPOCH';
  elsif found_mapping.token is distinct from substr(ticket, 9) then
    raise exception using errcode = 'TN007', message = 'BAD_TOKEN';
  elsif (tenant_key >= found_mapping.first_key and tenant_key < found_mapping.past_key) is not true then
    raise exception using errcode = 'TN001', message = 'UNKNOWN_MAPPING';
  elsif found_mapping.state = 'OFFLINE' then
    raise exception using errcode = 'TN002', message = 'OFFLINE';
  elsif found_mapping.state = 'INCOMING' then
    raise exception using errcode = 'TN004', message = 'INCOMING';
  elsif found_mapping.state = 'ONLINE' and (select g.open_until <= clock_timestamp() from tenantry_watch.gate g) is not false then
    -- What protects the tenants of this shard is not what was accepted: for now it serves none.
    raise exception using errcode = 'TN012', message = 'SHARD_UNVERIFIED';
  elsif found_mapping.state <> 'ONLINE' or not locks_row then
    -- DRAINING, or admissible only since the caller's look at it: both pass when asked again.
    raise exception using errcode = 'TN003', message = 'DRAINING';
  end if;
  return tenantry.set_context(found_mapping.context_start || encode(tenant_key, 'hex'));
end
$$;

-- For a transaction that may write: the mapping's shared lock first, then a look at the mapping under a snapshot taken after
-- it. The lock is held until the transaction has ended; a fence that holds it exclusively knows that nobody is inside. The lock
-- is tried, not waited for: whoever meets a fence is told DRAINING, and no queue forms that a deadlock could hide in.
create function tenantry.enter(mapping integer, tenant_key bytea, ticket bytea) returns void
language plpgsql volatile security definer
as $$
begin
  if pg_catalog.pg_try_advisory_xact_lock_shared(1413828161, mapping)
    and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed'
  then
    perform tenantry.set_context(m.context_start operator(pg_catalog.||) pg_catalog.encode(tenant_key, 'hex'))
      from tenantry.local_mapping m
      where m.mapping_id operator(pg_catalog.=) mapping
        and m.open_ticket operator(pg_catalog.=) case when (select g.open_until from tenantry_watch.gate g) operator(pg_catalog.>) pg_catalog.clock_timestamp() then ticket end
        and tenant_key operator(pg_catalog.>=) m.first_key and tenant_key operator(pg_catalog.<) m.past_key;
    if found then
      return;
    end if;
  end if;
  perform tenantry.enter_slowly(mapping, tenant_key, ticket, pg_catalog.pg_try_advisory_xact_lock_shared(1413828161, mapping));
end
$$;

-- For a transaction that only reads, which the server then holds it to: no lock, one look at the mapping. A snapshot may
-- outlive a move; that is why clean-up at the old shard waits for it.
create function tenantry.enter_read_only(mapping integer, tenant_key bytea, ticket bytea) returns void
language plpgsql volatile security definer
as $$
begin
  perform tenantry.set_context(m.context_start operator(pg_catalog.||) pg_catalog.encode(tenant_key, 'hex')), pg_catalog.set_config('transaction_read_only', 'on', true)
    from tenantry.local_mapping m
    where m.mapping_id operator(pg_catalog.=) mapping
      and m.open_ticket operator(pg_catalog.=) case when (select g.open_until from tenantry_watch.gate g) operator(pg_catalog.>) pg_catalog.clock_timestamp() then ticket end
      and tenant_key operator(pg_catalog.>=) m.first_key and tenant_key operator(pg_catalog.<) m.past_key;
  if not found then
    perform tenantry.enter_slowly(mapping, tenant_key, ticket, false);
  end if;
end
$$;

-- The same two for a mapping of one key, which list maps are made of: `entry` is the ticket and the key behind it, compared
-- at once, and the context is stored. Of any other mapping they know nothing.
create function tenantry.enter_point(mapping integer, entry bytea) returns void
language plpgsql volatile security definer
as $$
begin
  if pg_catalog.pg_try_advisory_xact_lock_shared(1413828161, mapping)
    and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed'
  then
    perform tenantry.set_context(m.context)
      from tenantry.local_mapping m
      where m.mapping_id operator(pg_catalog.=) mapping
        and m.open_entry operator(pg_catalog.=) case when (select g.open_until from tenantry_watch.gate g) operator(pg_catalog.>) pg_catalog.clock_timestamp() then entry end;
    if found then
      return;
    end if;
  end if;
  perform tenantry.enter_slowly(
    mapping, pg_catalog.substr(entry, 25), pg_catalog.substr(entry, 1, 24),
    pg_catalog.pg_try_advisory_xact_lock_shared(1413828161, mapping));
end
$$;

create function tenantry.enter_point_read_only(mapping integer, entry bytea) returns void
language plpgsql volatile security definer
as $$
begin
  perform tenantry.set_context(m.context), pg_catalog.set_config('transaction_read_only', 'on', true)
    from tenantry.local_mapping m
    where m.mapping_id operator(pg_catalog.=) mapping
      and m.open_entry operator(pg_catalog.=) case when (select g.open_until from tenantry_watch.gate g) operator(pg_catalog.>) pg_catalog.clock_timestamp() then entry end;
  if not found then
    perform tenantry.enter_slowly(mapping, pg_catalog.substr(entry, 25), pg_catalog.substr(entry, 1, 24), false);
  end if;
end
$$;

-- Grants before the owner changes: afterwards they are the definer's to give.
revoke execute on all functions in schema tenantry from public;
grant execute on function tenantry.set_context(text), tenantry.context() to tenantry_definer;
grant execute on function tenantry.context(), tenantry.current_tenant() to tenantry_app, tenantry_superuser, tenantry_mover;
-- Whoever writes to a routed table, its owner for a foreign key among them.
grant execute on function tenantry.may_be_captured() to public;
grant execute on function
  tenantry.enter(integer, bytea, bytea),
  tenantry.enter_read_only(integer, bytea, bytea),
  tenantry.enter_point(integer, bytea),
  tenantry.enter_point_read_only(integer, bytea)
  to tenantry_app;
alter function tenantry.enter_slowly(integer, bytea, bytea, boolean) owner to tenantry_definer;
alter function tenantry.enter(integer, bytea, bytea) owner to tenantry_definer;
alter function tenantry.enter_read_only(integer, bytea, bytea) owner to tenantry_definer;
alter function tenantry.enter_point(integer, bytea) owner to tenantry_definer;
alter function tenantry.enter_point_read_only(integer, bytea) owner to tenantry_definer;
