-- What of this shard's protection was accepted, and whether it still is so that tenants may be served. Whoever opens a connection for
-- them checks the signature, which nobody can make without the fleet key; `enter` goes by the gate, which is one look.
create table tenantry.accepted (
  only_row boolean primary key default true check (only_row),
  -- How the fingerprint is made and signed.
  format integer not null,
  -- Of everything that decides what app can see or do here, as `fingerprint_items` tells it.
  fingerprint text not null,
  -- Null: for good.
  valid_until timestamptz,
  signature bytea not null check (octet_length(signature) = 32),
  accepted_at timestamptz not null default now(),
  accepted_by text not null
);

-- The fingerprint's parts, so that what differs from it can be named.
create table tenantry.accepted_item (
  kind text not null,
  object text not null,
  digest text not null,
  primary key (kind, object)
);

-- One row. Open while the protection is as it was accepted; closed in the transaction of the change after which it is not.
create table tenantry.gate (
  only_row boolean primary key default true check (only_row),
  open boolean not null default false,
  changed_at timestamptz not null default now(),
  -- Until then it lets tenants in although it is closed, as somebody has decided and answers for.
  override_until timestamptz,
  override_reason text,
  override_by text,
  override_signature bytea check (octet_length(override_signature) = 32),
  check ((override_until is null) = (override_signature is null)),
  -- What `enter` looks at.
  open_until timestamptz generated always as (
    case when open then timestamptz 'infinity' else coalesce(override_until, timestamptz '-infinity') end
  ) stored
);
insert into tenantry.gate default values;

-- Who changed what in this database, as the event triggers saw it; the last ten thousand changes.
create table tenantry.change_log (
  change_id bigint generated always as identity primary key,
  changed_at timestamptz not null default clock_timestamp(),
  login text not null,
  -- `ALTER TABLE`.
  command text not null,
  -- Where the command has one that can be named.
  object text,
  transaction_id bigint not null,
  -- Set when its transaction ends: `same`, `closed` or `opened`.
  verdict text check (verdict in ('same', 'closed', 'opened'))
);
create index change_log_unjudged on tenantry.change_log (transaction_id) where verdict is null;

-- Names of the columns that hold a tenant's key: a new table with one is covered when it is made.
create table tenantry.tenant_column (
  name text primary key
);

grant select on tenantry.accepted, tenantry.accepted_item, tenantry.gate to tenantry_app;
grant select on tenantry.gate to tenantry_definer;
