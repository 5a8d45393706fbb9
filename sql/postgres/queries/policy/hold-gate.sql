-- Keeps whoever else judges or accepts what protects this shard out until the transaction ends; what they did before is seen by the next
-- statement.
select pg_catalog.pg_advisory_xact_lock(1413828161, -1) is null as "held"
