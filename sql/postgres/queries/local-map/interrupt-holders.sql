-- Cancels the statements of the transactions that hold the mapping's lock as tenants do, shared, or, where `disconnect` says so, ends
-- their sessions: a transaction that runs no statement has nothing to cancel.
-- @mappingId integer
-- @disconnect boolean
select l.pid,
  case when @disconnect then pg_terminate_backend(l.pid) else pg_cancel_backend(l.pid) end as "signalled"
from pg_catalog.pg_locks l
where l.locktype = 'advisory'
  and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
  and l.classid = 1413828161
  and l.objid = cast(@mappingId as oid)
  and l.objsubid = 2
  and l.granted
  and l.mode = 'ShareLock'
  and l.pid <> pg_backend_pid();
