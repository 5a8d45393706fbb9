-- The fleet's keys by their names, eight hex digits of a MAC, from which nobody learns a key: one, and two while it is rotated. Who is not
-- configured with each of them changes nothing, and serves nobody.
create table tenantry.fleet_key (
  name text primary key check (name ~ '^[0-9a-f]{8}$'),
  recorded_at timestamptz not null default clock_timestamp()
);
