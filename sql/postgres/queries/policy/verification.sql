-- How what protects this shard now stands to what was accepted: one row. `differing` names each object that is not as it was, with
-- `added`, `removed` or `changed`. Times are milliseconds since 1970, all by this server's clock.
-- The digest of the function is made here and again in `policy/fingerprint`, from the catalog: a function of the shard that told it could be replaced
-- as the other could. `unjudged` is always 0: changes that nobody judged are an item here.
with found as materialized (
  select i.kind, i.object, i.digest from tenantry_watch.fingerprint_items() i
), differing as (
  select coalesce(f.kind, a.kind) as kind, coalesce(f.object, a.object) as object,
         case when a.digest is null then 'added' when f.digest is null then 'removed' else 'changed' end as change
    from found f full join tenantry_watch.accepted_item a on a.kind = f.kind and a.object = f.object
   where f.digest is distinct from a.digest
)
select (select encode(sha256(convert_to(coalesce(string_agg(concat_ws(chr(10), f.kind, f.object, f.digest), chr(10) order by f.kind collate "C", f.object collate "C"), ''), 'UTF8')), 'hex') from found f) as "fingerprint",
       (select encode(sha256(convert_to(concat_ws(chr(10), o.rolname,
                 concat_ws(' ', 'language', l.lanname, case p.provolatile when 's' then 'stable' else p.provolatile::text end,
                   case when p.prosecdef then 'security definer' end, nullif(p.prosupport, 0::regproc)),
                 array_to_string(p.proconfig, chr(10)), p.prosrc), 'UTF8')), 'hex')
          from pg_catalog.pg_proc p
          join pg_catalog.pg_roles o on o.oid = p.proowner
          join pg_catalog.pg_language l on l.oid = p.prolang
         where p.oid = to_regprocedure('tenantry_watch.fingerprint_items()')) as "functionDigest",
       a.format as "format",
       a.number as "number",
       a.fingerprint as "accepted",
       cast(extract(epoch from a.valid_until) * 1000 as bigint) as "validUntilMs",
       a.signature as "signature",
       g.open as "isOpen",
       cast(extract(epoch from g.accepted_until) * 1000 as bigint) as "openUntilMs",
       g.override_number as "overrideNumber",
       cast(extract(epoch from g.override_until) * 1000 as bigint) as "overrideUntilMs",
       g.override_signature as "overrideSignature",
       cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as "nowMs",
       coalesce((select jsonb_agg(jsonb_build_object('kind', d.kind, 'object', d.object, 'change', d.change) order by d.kind, d.object) from differing d), '[]') as "differing",
       0 as "unjudged"
  from tenantry_watch.gate g
  left join tenantry_watch.accepted a on true
