-- What a database holds that is asked to be, or to become, the catalog. Any login may look.
select coalesce(bool_or(c.relname = 'schema_version'), false) as "hasSchema",
  coalesce(bool_or(c.relname = 'shard_map'), false) as "isCatalog",
  coalesce(bool_or(c.relname = 'shard_identity'), false) as "isShard",
  not exists (select from pg_catalog.pg_namespace o
               where o.nspname = 'tenantry'
                 and exists (select from pg_catalog.pg_roles r
                              where r.rolname <> 'tenantry_admin' and not r.rolsuper
                                and (r.oid = o.nspowner
                                     or exists (select from pg_catalog.pg_class e where e.relnamespace = o.oid and e.relowner = r.oid)
                                     or (r.rolname <> 'tenantry_definer'
                                         and exists (select from pg_catalog.pg_proc f where f.pronamespace = o.oid and f.proowner = r.oid))))) as "isAdmins"
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'tenantry' and c.relkind = 'r';
