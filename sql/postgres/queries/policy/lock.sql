-- One policy change at a time on a shard. A table that tenants are using is waited for briefly: whoever waits for it
-- longer makes every later statement on it wait too. `alone`: nobody's change is judged meanwhile either, and so none is committed; whoever makes one
-- waits where it is judged.
-- @lockTimeoutMs integer
-- @alone boolean
select pg_catalog.set_config('lock_timeout', cast(@lockTimeoutMs as text), true) as "lockTimeout",
       pg_catalog.pg_advisory_xact_lock(1413828161, 0) is null as "locked",
       case when @alone then pg_catalog.pg_advisory_xact_lock(1413828161, -1) is null end as "held"
