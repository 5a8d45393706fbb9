-- Who did what to which part of the fleet: a row before it is done, and one after. Rows are added and never changed; the clock is this
-- server's.
create table tenantry.audit (
  audit_id bigint generated always as identity primary key,
  -- Of one run of a command.
  run_id uuid not null,
  recorded_at timestamptz not null default clock_timestamp(),
  actor text not null check (actor <> '' and length(actor) <= 128),
  action text not null check (action <> '' and length(action) <= 100),
  -- `shard a`
  subject text not null check (subject <> '' and length(subject) <= 200),
  outcome text not null check (outcome in ('BEGUN', 'DONE', 'FAILED')),
  -- Never a secret, nor a value of a row.
  detail jsonb not null
);
