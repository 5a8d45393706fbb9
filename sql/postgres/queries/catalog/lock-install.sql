-- One installer at a time: the lock (its number is 'cata' in ASCII) ends with the transaction.
select pg_catalog.pg_advisory_xact_lock(1667331169);
