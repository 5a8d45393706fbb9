-- The log. A row changes by compare-and-swap on state and generation only; the clock of leases is this server's.
create table tenantry.operation (
  operation_id uuid primary key,
  map_id integer not null references tenantry.shard_map,
  kind text not null,
  payload jsonb not null,
  state text not null,
  generation bigint not null default 1 check (generation >= 1),
  lease_until timestamptz not null,
  -- Why it was given up: a code of the error catalogue.
  failure text,
  started_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp()
);
create index operation_unfinished on tenantry.operation (started_at) where state not in ('DONE', 'UNDONE');
create index operation_ended on tenantry.operation (changed_at) where state in ('DONE', 'UNDONE');
