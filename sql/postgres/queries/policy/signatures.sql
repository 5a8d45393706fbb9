-- What is signed on this shard, and by what: no row where nothing was accepted. Times are milliseconds since 1970.
select a.format as "format",
       a.number as "number",
       a.fingerprint as "fingerprint",
       cast(extract(epoch from a.valid_until) * 1000 as bigint) as "validUntilMs",
       a.signature as "signature",
       g.override_number as "overrideNumber",
       cast(extract(epoch from g.override_until) * 1000 as bigint) as "overrideUntilMs",
       g.override_signature as "overrideSignature",
       cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as "nowMs"
  from tenantry_watch.accepted a cross join tenantry_watch.gate g
