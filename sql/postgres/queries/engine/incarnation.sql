-- Which server this is, and on which timeline it writes: a server restored to an earlier point writes on a new one. Fails on a
-- server that is in recovery, which can own no tenant.
select s.system_identifier::text || '/' || ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer as "incarnation"
from pg_control_system() s;
