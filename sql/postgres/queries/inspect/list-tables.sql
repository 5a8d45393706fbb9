-- Every ordinary table that is not the server's or Tenantry's own, and what type its tenant column has, if there is one.
-- @column text
select n.nspname as "schema", c.relname as "table", n.nspname = current_schema() as "isDefaultSchema",
  (select t.typname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attname = @column and a.attnum > 0 and not a.attisdropped) as "columnType"
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname <> all (array['pg_catalog', 'information_schema', 'tenantry']) and n.nspname not like 'pg\_%'
order by n.nspname, c.relname;
