-- Operations that have ended and need not be kept: those older than so many days, and those that so many newer ones ended
-- after. One that ended within the hour is kept whatever there is: its runner may yet ask how it ended.
-- @keptDays integer
-- @kept integer
-- @afterId uuid
-- @limit integer
select o.operation_id as "operationId", o.map_id as "mapId", o.kind, o.payload, o.state, o.generation, cast(0 as bigint) as "leaseLeftMs"
from tenantry.operation o
where o.state in ('DONE', 'UNDONE')
  and o.changed_at < clock_timestamp() - interval '1 hour'
  and (o.changed_at < clock_timestamp() - @keptDays * interval '1 day'
    or o.changed_at < (select min(n.changed_at) from (
      select e.changed_at from tenantry.operation e where e.state in ('DONE', 'UNDONE') order by e.changed_at desc limit @kept) n))
  and (@afterId is null or o.operation_id > @afterId)
order by o.operation_id
limit @limit;
