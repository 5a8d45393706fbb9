-- What of this shard's protection was accepted, and whether it still is so that tenants may be served. Whoever opens a connection for
-- them checks the signature, which nobody can make without the fleet key; `enter` goes by the gate, which is one look.
-- This file, 060 and 070 are run when a database is provisioned, as the administrator of its server: all that watches belongs to a role to
-- which nobody belongs, in a schema of its own, since what it runs or touches of another's could become the server's superuser by it
-- (docs/decisions/025-who-watches.md).
create schema if not exists tenantry_watch;

create table if not exists tenantry_watch.accepted (
  only_row boolean primary key default true check (only_row),
  -- How the fingerprint is made and signed.
  format integer not null,
  -- Greater than that of all acceptances before; signed, too. A program reads no greater one.
  number bigint not null check (number between 0 and 9007199254740991),
  -- Of everything that decides what app can see or do here, as `fingerprint_items` tells it.
  fingerprint text not null,
  -- Null: for good.
  valid_until timestamptz check (isfinite(valid_until) and valid_until < timestamptz '10000-01-01 00:00:00+00'),
  signature bytea not null check (octet_length(signature) = 32),
  accepted_at timestamptz not null default now(),
  accepted_by text not null
);

-- The fingerprint's parts, so that what differs from it can be named.
create table if not exists tenantry_watch.accepted_item (
  kind text not null,
  object text not null,
  digest text not null,
  primary key (kind, object)
);

-- One row. Open while the protection is as it was accepted; closed in the transaction of the change after which it is not.
create table if not exists tenantry_watch.gate (
  only_row boolean primary key default true check (only_row),
  open boolean not null default false,
  -- Until when it lets tenants in while it is open, as what was accepted is; null: for good.
  accepted_until timestamptz,
  changed_at timestamptz not null default now(),
  -- Until then it lets tenants in although it is closed, as somebody has decided and answers for.
  override_until timestamptz check (isfinite(override_until) and override_until < timestamptz '10000-01-01 00:00:00+00'),
  -- Greater than that of all overrides before.
  override_number bigint check (override_number between 0 and 9007199254740991),
  override_reason text,
  override_by text,
  override_signature bytea check (octet_length(override_signature) = 32),
  check ((override_until is null) = (override_signature is null)),
  check ((override_until is null) = (override_number is null)),
  -- What `enter` looks at.
  open_until timestamptz generated always as (
    greatest(case when open then coalesce(accepted_until, timestamptz 'infinity') else timestamptz '-infinity' end, coalesce(override_until, timestamptz '-infinity'))
  ) stored
);
insert into tenantry_watch.gate default values on conflict do nothing;

-- Who changed what in this database, as the event triggers saw it; the last ten thousand changes.
create table if not exists tenantry_watch.change_log (
  change_id bigint generated always as identity primary key,
  changed_at timestamptz not null default clock_timestamp(),
  login text not null,
  -- `ALTER TABLE`.
  command text not null,
  -- Where the command has one that can be named.
  object text,
  transaction_id bigint not null,
  -- Set when its transaction ends: `same`, `closed` or `opened`. Null afterwards where nobody judged it.
  verdict text check (verdict in ('same', 'closed', 'opened'))
);
do $$
begin
  -- Where it is there, its table has changes that are yet to be judged.
  if to_regclass('tenantry_watch.change_log_unjudged') is null then
    create index change_log_unjudged on tenantry_watch.change_log (transaction_id) where verdict is null;
  end if;
end
$$;

-- Names of the columns that hold a tenant's key: a new table with one is covered when it is made.
create table if not exists tenantry_watch.tenant_column (
  name text primary key
);

alter schema tenantry_watch owner to tenantry_watcher;
do $$
declare
  made regclass;
begin
  for made in
    select c.oid from pg_catalog.pg_class c
     where c.relnamespace = 'tenantry_watch'::regnamespace and c.relkind = 'r' and c.relowner <> 'tenantry_watcher'::regrole
  loop
    execute format('alter table %s owner to tenantry_watcher', made);
  end loop;
end
$$;
