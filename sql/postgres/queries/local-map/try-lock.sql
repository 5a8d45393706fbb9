-- The mapping's lock, exclusive, to the end of the transaction. Never waited for: a queued exclusive lock would
-- stop every new shared one. 1413828161 is the class of the locks of mappings.
-- @mappingId integer
select pg_try_advisory_xact_lock(1413828161, @mappingId) as "taken";
