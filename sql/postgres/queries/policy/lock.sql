-- One policy change at a time on a shard. A table that tenants are using is waited for briefly: whoever waits for it
-- longer makes every later statement on it wait too.
-- @lockTimeoutMs integer
select pg_catalog.set_config('lock_timeout', cast(@lockTimeoutMs as text), true) as "lockTimeout",
       pg_catalog.pg_advisory_xact_lock(1413828161, 0) is null as "locked"
