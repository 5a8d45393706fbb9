-- What came of trying a shard's protection, each time that somebody did: signed by the fleet key, so that nobody who may only write the
-- catalog makes one. They go with their shard.
create table tenantry.policy_verdict (
  verdict_id bigint generated always as identity primary key,
  shard_id uuid not null references tenantry.shard on delete cascade,
  -- Milliseconds since 1970, by the clock of whoever signed it.
  verified_at bigint not null,
  verified_by text not null check (verified_by <> '' and length(verified_by) <= 128),
  -- Of all that decided what app could see and do there.
  fingerprint text not null,
  -- How many statements were tried.
  tried integer not null check (tried >= 0),
  -- One sentence for each thing that was not as it must be; none: it was sound. Never a value of a row.
  problems jsonb not null,
  signature bytea not null check (octet_length(signature) = 32)
);
create index policy_verdict_latest on tenantry.policy_verdict (shard_id, verdict_id desc);
