-- What decides what app can see or do on this shard, as it is now: its fingerprint, its items, and the digest of the function that tells them.
select encode(sha256(convert_to(coalesce(string_agg(concat_ws(chr(10), i.kind, i.object, i.digest), chr(10) order by i.kind collate "C", i.object collate "C"), ''), 'UTF8')), 'hex') as "fingerprint",
       (select encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') from pg_catalog.pg_proc p where p.oid = to_regprocedure('tenantry.fingerprint_items()')) as "functionDigest",
       coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'object', i.object, 'digest', i.digest)), '[]') as "items"
  from tenantry.fingerprint_items() i
