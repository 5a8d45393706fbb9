-- Who closed the gate since what protects the tenants was accepted, and nobody opened it again, or has changed what nobody judged; the last
-- first.
-- @limit integer
select c.change_id as "changeId",
       to_char(c.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "changedAt",
       c.login as "login",
       c.command as "command",
       c.object as "object"
  from tenantry_watch.change_log c
 where (c.verdict is null
        or (c.verdict = 'closed' and not exists (select from tenantry_watch.change_log o where o.change_id > c.change_id and o.verdict = 'opened')))
   and not exists (select from tenantry_watch.accepted a where a.accepted_at >= c.changed_at)
 order by c.change_id desc
 limit @limit
