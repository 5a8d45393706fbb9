-- What decides what app can see or do on this shard, as it is now: its fingerprint, its items, and the digest of the function that tells
-- them. The digest of the function is made here and again in `policy/verification`, from the catalog: a function of the shard that told it
-- could be replaced as the other could.
select encode(sha256(convert_to(coalesce(string_agg(concat_ws(chr(10), i.kind, i.object, i.digest), chr(10) order by i.kind collate "C", i.object collate "C"), ''), 'UTF8')), 'hex') as "fingerprint",
       (select encode(sha256(convert_to(concat_ws(chr(10), o.rolname,
                 concat_ws(' ', 'language', l.lanname, case p.provolatile when 's' then 'stable' else p.provolatile::text end,
                   case when p.prosecdef then 'security definer' end, nullif(p.prosupport, 0::regproc)),
                 array_to_string(p.proconfig, chr(10)), p.prosrc), 'UTF8')), 'hex')
          from pg_catalog.pg_proc p
          join pg_catalog.pg_roles o on o.oid = p.proowner
          join pg_catalog.pg_language l on l.oid = p.prolang
         where p.oid = to_regprocedure('tenantry_watch.fingerprint_items()')) as "functionDigest",
       coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'object', i.object, 'digest', i.digest)), '[]') as "items"
  from tenantry_watch.fingerprint_items() i
