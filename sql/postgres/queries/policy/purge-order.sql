-- The routed tables, those that refer to others by foreign keys first. Circles are cut at their number.
-- @tables text
with recursive routed as (
  select c.oid, n.nspname, c.relname, t."tenantColumn"
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
    join pg_catalog.pg_namespace n on n.nspname = t."schema"
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
   where t."tenantColumn" is not null
), reference as (
  select distinct child.oid as child, parent.oid as parent
    from pg_catalog.pg_constraint f
    join routed child on child.oid = f.conrelid
    join routed parent on parent.oid = f.confrelid
   where f.contype = 'f' and child.oid <> parent.oid
), height as (
  select r.oid, 0 as level from routed r
  union
  select e.parent, h.level + 1 from height h join reference e on e.child = h.oid where h.level < (select count(*) from routed)
)
select r.nspname::text as "schema", r.relname::text as "table", r."tenantColumn" as "tenantColumn"
  from routed r
 order by (select max(h.level) from height h where h.oid = r.oid), 1, 2
