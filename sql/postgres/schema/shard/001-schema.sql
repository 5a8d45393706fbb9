-- A shard: its identity, its local shard map, and the routine that admits a tenant. The schema itself may be there already,
-- made for the admin group by the bootstrap.
create schema if not exists tenantry;
grant usage on schema tenantry to tenantry_app, tenantry_superuser, tenantry_mover, tenantry_definer;

-- One row: what this database's schema is, checked by every program that opens the shard.
create table tenantry.schema_version (
  only_row boolean primary key default true check (only_row),
  version integer not null,
  installed_at timestamptz not null default now()
);
insert into tenantry.schema_version (version) values (3);

-- One row once the shard has been added to a map: who it is. Compared on every new connection.
create table tenantry.shard_identity (
  only_row boolean primary key default true check (only_row),
  shard_id uuid not null,
  map text not null,
  key_type text not null check (key_type in ('int', 'bigint', 'uuid', 'string', 'bytes'))
);
grant select on tenantry.schema_version, tenantry.shard_identity to tenantry_app, tenantry_superuser, tenantry_mover;
