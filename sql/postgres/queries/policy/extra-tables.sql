-- Tables beside these that look as if their rows were tenants': they have a policy of the program's, or a column of the name of a tenant
-- column. Partitions are their tables' matter.
-- @tables text
with known as (
  select t."schema", t."table", t."tenantColumn"
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
), other as (
  select n.nspname::text as "schema", c.relname::text as "table",
         exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname like 'tenantry\_%') as "hasPolicies",
         (select min(a.attname)::text
            from pg_catalog.pg_attribute a
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not c.relispartition
             and a.attname in (select k."tenantColumn" from known k)) as "tenantColumn"
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and n.nspname not in ('tenantry', 'tenantry_watch', 'information_schema') and n.nspname !~ '^pg_'
     and not exists (select from known k where k."schema" = n.nspname and k."table" = c.relname)
)
select o."schema" as "schema", o."table" as "table", o."hasPolicies" as "hasPolicies", o."tenantColumn" as "tenantColumn"
  from other o
 where o."hasPolicies" or o."tenantColumn" is not null
 order by 1, 2
