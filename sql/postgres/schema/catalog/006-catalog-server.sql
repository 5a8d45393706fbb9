-- One row: on which server the shard map may be changed. Where another one answers, recover compares every shard before it is recorded.
create table tenantry.catalog_server (
  only_row boolean primary key default true check (only_row),
  incarnation text not null check (incarnation <> ''),
  recorded_at timestamptz not null default now()
);

-- Which server answers, and on which timeline it writes, as of a shard; then database and table, which a dump that is loaded again
-- makes anew, and a standby or a restored data directory does not. Null in recovery.
create function tenantry.server_incarnation() returns text
  language sql stable
  return case when not pg_catalog.pg_is_in_recovery() then (
    select concat_ws('/',
      s.system_identifier,
      ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::integer,
      d.oid,
      'tenantry.catalog_server'::regclass::oid)
    from pg_catalog.pg_control_system() s
    join pg_catalog.pg_database d on d.datname = current_database()
  ) end;

create function tenantry.is_known_server() returns boolean
  language sql stable
  return coalesce((select s.incarnation = tenantry.server_incarnation() from tenantry.catalog_server s), false);

insert into tenantry.catalog_server (incarnation) values (tenantry.server_incarnation());
