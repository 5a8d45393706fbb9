-- Columns of the named tables in their order, in words that all engines share. "baseType" is null where the type is not the server's own;
-- "keyPosition" counts from 1 within the primary key. A table that is not there has no rows. "storedAs" and "hasTriggers" are
-- null: a parameter takes the type of what it is compared with, and RETURNING gives the row whatever triggers there are, as those before
-- the change left it.
-- @tables text
with wanted as (
  select w."name", w."schema", w."table"
  from jsonb_to_recordset(cast(@tables as jsonb)) as w("name" text, "schema" text, "table" text)
)
select
  wanted."name" as "table",
  c.column_name::text as "name",
  pg_catalog.format_type(a.atttypid, a.atttypmod) as "type",
  case
    when base.typtype = 'e' then 'enum'
    when base.typnamespace = 'pg_catalog'::regnamespace or base.typname = 'citext' then base.typname::text
  end as "baseType",
  c.is_nullable = 'YES' as "nullable",
  a.atthasdef or c.is_identity = 'YES' or t.typdefault is not null as "hasDefault",
  c.is_generated = 'ALWAYS' or coalesce(c.identity_generation = 'ALWAYS', false) as "generated",
  c.character_maximum_length::integer as "maximumLength",
  case when base.typname = 'numeric' then c.numeric_precision::integer end as "precision",
  case when base.typname = 'numeric' then c.numeric_scale::integer else c.datetime_precision::integer end as "scale",
  labels.labels as "allowed",
  null::text as "storedAs",
  null::boolean as "hasTriggers",
  array_position(pk.conkey, a.attnum) as "keyPosition"
from wanted
join information_schema.columns c
  on c.table_schema = wanted."schema" and c.table_name = wanted."table"
join pg_catalog.pg_namespace n on n.nspname = c.table_schema
join pg_catalog.pg_class r on r.relnamespace = n.oid and r.relname = c.table_name and r.relkind in ('r', 'p')
join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attname = c.column_name
join pg_catalog.pg_type t on t.oid = a.atttypid
join pg_catalog.pg_namespace un on un.nspname = c.udt_schema
join pg_catalog.pg_type base on base.typnamespace = un.oid and base.typname = c.udt_name
left join pg_catalog.pg_constraint pk on pk.conrelid = r.oid and pk.contype = 'p'
left join lateral (
  select jsonb_agg(e.enumlabel order by e.enumsortorder) as labels from pg_catalog.pg_enum e where e.enumtypid = base.oid
) labels on true
order by wanted."name", c.ordinal_position;
