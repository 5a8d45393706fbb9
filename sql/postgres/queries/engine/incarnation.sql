-- Which server this is, on which timeline it writes, and which of its databases: a server restored to an earlier point writes on a
-- new timeline, and a dump is loaded into a new database. Fails on a server that is in recovery, which can own no tenant.
select concat_ws('/',
  s.system_identifier,
  ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer,
  d.oid) as "incarnation"
from pg_control_system() s
join pg_database d on d.datname = current_database();
