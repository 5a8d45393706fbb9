-- Keeps whoever else judges or accepts what protects this shard out until the transaction ends; what they did before is seen by the next
-- statement. They are waited for briefly, since they may wait for what this transaction holds, however little of its patience tables have left.
select pg_catalog.pg_advisory_xact_lock(1413828161, -1) is null as "held"
 where pg_catalog.set_config('lock_timeout', '500ms', true) is not null
