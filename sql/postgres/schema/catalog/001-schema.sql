-- The catalog: the global shard map and the log of its changes.
create schema tenantry;

-- One row: what this database's schema is, checked by every program that opens the catalog.
create table tenantry.schema_version (
  only_row boolean primary key default true check (only_row),
  version integer not null,
  installed_at timestamptz not null default now()
);
insert into tenantry.schema_version (version) values (3);
