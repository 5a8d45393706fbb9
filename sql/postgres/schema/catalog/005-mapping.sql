create sequence tenantry.mapping_id as integer;

create type tenantry.key_range as range (subtype = bytea);

create table tenantry.mapping (
  mapping_id integer primary key,
  map_id integer not null,
  kind text not null check (kind in ('point', 'range')),
  low bytea not null check (length(low) <= 128),
  high bytea check (length(high) between 1 and 128),
  shard_id uuid not null,
  state text not null check (state in ('ADDING', 'ONLINE', 'OFFLINE', 'REMOVING')),
  epoch bigint not null check (epoch >= 1),
  operation_id uuid references tenantry.operation,
  -- A mapping is of its map's kind, on a shard of its map; a shard in use cannot be deleted.
  foreign key (map_id, kind) references tenantry.shard_map (map_id, mapping_kind),
  foreign key (map_id, shard_id) references tenantry.shard (map_id, shard_id),
  -- A key has one mapping; also the index of every look-up.
  unique (map_id, low),
  constraint mapping_overlap exclude using gist (
    int4range(map_id, map_id, '[]') with &&,
    tenantry.key_range(low, high) with &&
  ) where (kind = 'range'),
  check (kind = 'range' or (high is null and length(low) > 0)),
  check (high is null or low < high),
  check (state in ('ONLINE', 'OFFLINE') or operation_id is not null)
);
create unique index mapping_end on tenantry.mapping (map_id, high) where high is not null;
create index mapping_of_shard on tenantry.mapping (shard_id);
create index mapping_of_operation on tenantry.mapping (operation_id) where operation_id is not null;
