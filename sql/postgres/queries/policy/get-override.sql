-- The override that lets tenants in now whatever protects them: no row where there is none. Times are milliseconds since 1970.
select g.override_number as "number",
       cast(extract(epoch from g.override_until) * 1000 as bigint) as "untilMs",
       g.override_reason as "reason",
       g.override_by as "decidedBy",
       g.override_signature as "signature",
       cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as "nowMs"
  from tenantry_watch.gate g
 where g.override_until > clock_timestamp()
