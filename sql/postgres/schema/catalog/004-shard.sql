create table tenantry.shard (
  shard_id uuid primary key,
  map_id integer not null references tenantry.shard_map,
  name text not null unique check (name <> '' and length(name) <= 63),
  engine text not null,
  host text not null check (host <> ''),
  port integer not null check (port between 1 and 65535),
  database text not null check (database <> ''),
  tls text not null check (tls in ('disable', 'require', 'verify-full', 'strict')),
  incarnation text not null default '',
  state text not null check (state in ('ADDING', 'ONLINE', 'REMOVING')),
  -- Numbers of what was accepted of it last and of the last override: none that is older is believed. Null: none.
  accepted_number bigint,
  override_number bigint,
  operation_id uuid references tenantry.operation,
  unique (engine, host, port, database),
  unique (map_id, shard_id),
  check (state = 'ONLINE' or operation_id is not null),
  check (state = 'ADDING' or incarnation <> '')
);
