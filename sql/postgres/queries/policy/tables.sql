-- The configured tables that exist, their partitions and inheritance children (which SQL can name directly), their columns,
-- the sequences that these own, whether triggers are put on them to capture changes of rows (a partition has those of its table), and
-- their primary keys.
-- @tables text
with recursive configured as (
  select c.oid, t."tenantColumn", case when t."tenantColumn" is null then 'reference' else 'routed' end as role
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
    join pg_catalog.pg_namespace n on n.nspname = t."schema"
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
), family as (
  select * from configured
  union
  select i.inhrelid, f."tenantColumn", case when f.role = 'reference' then 'reference part' else 'part' end
    from family f join pg_catalog.pg_inherits i on i.inhparent = f.oid
   where not exists (select from configured o where o.oid = i.inhrelid)
)
select n.nspname::text as "schema",
       c.relname::text as "table",
       f."tenantColumn" as "tenantColumn",
       f.role as "role",
       f.role in ('routed', 'part') and not c.relispartition as "capturable",
       coalesce((select jsonb_agg(a.attname order by k.place)
                   from pg_catalog.pg_index i
                  cross join lateral unnest(i.indkey) with ordinality k (attnum, place)
                   join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
                  where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts), '[]') as "key",
       coalesce((select jsonb_agg(s.relname order by s.relname)
                   from pg_catalog.pg_depend d
                   join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S' and s.relnamespace = c.relnamespace
                  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
                    and d.refobjid = c.oid and d.deptype = 'a'), '[]') as "sequences",
       (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
          from pg_catalog.pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as "columns"
  from family f
  join pg_catalog.pg_class c on c.oid = f.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 order by 1, 2
