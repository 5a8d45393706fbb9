-- Whether the tables are there that tell which shard this is. A view, or another role's table with its policies, would run as who reads it.
select count(*) = 2 as "installed"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_roles o on o.oid = c.relowner
 where n.nspname = 'tenantry' and c.relname in ('schema_version', 'shard_identity') and c.relkind = 'r' and (o.rolname = 'tenantry_admin' or o.rolsuper);
