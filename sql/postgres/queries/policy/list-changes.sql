-- Who changed what in this database, the last first.
-- @limit integer
select c.change_id as "changeId",
       to_char(c.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "changedAt",
       c.login as "login",
       c.command as "command",
       c.object as "object",
       c.verdict as "verdict"
  from tenantry_watch.change_log c
 order by c.change_id desc
 limit @limit
