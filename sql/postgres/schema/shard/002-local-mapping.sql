-- The local shard map: what this shard owns, owned, or is about to own. `enter` judges by it; app cannot read it.
create table tenantry.local_mapping (
  mapping_id integer primary key,
  kind text not null check (kind in ('point', 'range')),
  -- A point's key, or a range's inclusive lower end; no bytes: from the beginning.
  low bytea not null check (octet_length(low) <= 128),
  -- A range's exclusive upper end; null: to the end.
  high bytea check (octet_length(high) <= 128),
  state text not null check (state in ('ONLINE', 'OFFLINE', 'INCOMING', 'DRAINING', 'MOVED')),
  epoch bigint not null check (epoch > 0),
  -- The token that an entry must present; a tombstone has none.
  token bytea check (octet_length(token) = 16),
  -- Where a tombstone points.
  moved_to uuid,
  moved_epoch bigint check (moved_epoch > epoch),
  -- Set while the mapping is moved: what its tenants change is logged (055-capture.sql). They bring it along in their context.
  captured boolean not null default false,
  -- What `enter` compares in the common case, so that it need not look at kind, state and null ends: epoch and token as one value
  -- that opens while the mapping is online, and the half-open range of its keys, between a key that is not empty and one longer than any.
  open_ticket bytea generated always as (case when state = 'ONLINE' then int8send(epoch) || token end) stored,
  first_key bytea generated always as (case when low = ''::bytea then '\x00'::bytea else low end) stored,
  past_key bytea generated always as (
    case kind when 'point' then low || '\x00'::bytea else coalesce(high, decode(repeat('ff', 129), 'hex')) end
  ) stored,
  -- The same for a point as one value, epoch, token and key, with the context that whoever presents it is given.
  open_entry bytea generated always as (case when state = 'ONLINE' and kind = 'point' then int8send(epoch) || token || low end) stored,
  context text generated always as (
    case when kind = 'point' then case when captured then 'captured_' else '' end || 'tenantry_x' || encode(low, 'hex') end
  ) stored,
  -- What a key of a range is put behind.
  context_start text generated always as (case when captured then 'captured_' else '' end || 'tenantry_x') stored,
  check (kind = 'range' or high is null),
  check (high is null or low < high),
  check ((state = 'MOVED') = (token is null)),
  check ((state = 'MOVED') = (moved_to is not null)),
  check ((state = 'MOVED') = (moved_epoch is not null))
)
-- Not counted while there are few: of two hundred mappings, known to be so few, the server would read all at each entry in place of one by its key.
with (autovacuum_analyze_threshold = 1000, autovacuum_vacuum_threshold = 1000);
-- A rehearsal lets its two tenants in by mappings with negative ids, and is undone. This keeps it from ever being committed, whatever its
-- statements say; nothing else may have such an id.
create function tenantry.refuse_rehearsed_mapping() returns trigger
language plpgsql volatile
as $$
begin
  raise exception using errcode = 'TN011', message = 'A rehearsal is undone, never committed.';
end
$$;
revoke execute on function tenantry.refuse_rehearsed_mapping() from public;
create constraint trigger rehearsed_mapping after insert or update on tenantry.local_mapping
  deferrable initially deferred for each row when (new.mapping_id < 0) execute function tenantry.refuse_rehearsed_mapping();
-- For whoever adds a mapping and looks whether its keys are taken; `enter` goes by the primary key.
create index local_mapping_low on tenantry.local_mapping (low);
-- UPDATE is what SELECT ... FOR SHARE asks for; the owner of `enter` changes nothing.
grant select, update on tenantry.local_mapping to tenantry_definer;
