-- The latest rows, the last one first; of those before another one where that is said.
-- @before bigint
-- @limit integer
select a.audit_id as "auditId", a.run_id as "runId",
  to_char(a.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "recordedAt",
  a.actor, a.action, a.subject, a.outcome, a.detail
from tenantry.audit a
where @before is null or a.audit_id < @before
order by a.audit_id desc
limit @limit;
