create table tenantry.shard_map (
  map_id integer generated always as identity primary key,
  name text not null unique check (name <> '' and length(name) <= 63),
  kind text not null check (kind in ('list', 'range')),
  -- What a mapping of this map is: stands here so that mappings can refer to it.
  mapping_kind text not null generated always as (case kind when 'list' then 'point' else 'range' end) stored,
  key_type text not null check (key_type in ('int', 'bigint', 'uuid', 'string', 'bytes')),
  context text not null check (context <> ''),
  version bigint not null default 0 check (version >= 0),
  unique (map_id, mapping_kind)
);
