-- Every ordinary table that is not the server's or Tenantry's own, and what type its tenant column has, if there is one: the
-- server's name of it, and the key type that it keeps, if it keeps one.
-- @column text
select n.nspname as "schema", c.relname as "table", pg_catalog.format_type(a.atttypid, a.atttypmod) as "columnType",
  case a.atttypid when 'int4'::regtype then 'int' when 'int8'::regtype then 'bigint' when 'uuid'::regtype then 'uuid'
                  when 'text'::regtype then 'string' when 'varchar'::regtype then 'string' when 'bytea'::regtype then 'bytes' end as "keyType"
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = @column and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname <> all (array['pg_catalog', 'information_schema', 'tenantry', 'tenantry_watch']) and n.nspname not like 'pg\_%'
order by n.nspname, c.relname;
