-- What rows of the configured tables must have, and of all the tables that these refer to: a column is `needed` where an insert must give
-- it, `key` where it belongs to a unique key or is referred to, `identity` where only its owner may. `base` is the type without domains.
-- @tables text
with recursive sampled as (
  select c.oid
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text)
    join pg_catalog.pg_namespace n on n.nspname = t."schema"
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
  union
  select f.confrelid from sampled s join pg_catalog.pg_constraint f on f.conrelid = s.oid and f.contype = 'f'
), domained as (
  select a.attrelid, a.attnum, a.atttypid as typ, a.atttypmod as modifier, a.attnotnull as notnull
    from sampled s join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped
  union all
  select d.attrelid, d.attnum, t.typbasetype, case when d.modifier = -1 then t.typtypmod else d.modifier end, d.notnull or t.typnotnull
    from domained d join pg_catalog.pg_type t on t.oid = d.typ and t.typtype = 'd'
)
select n.nspname::text as "schema", c.relname::text as "table",
       (select jsonb_agg(jsonb_build_object(
                 'name', a.attname,
                 'type', format_type(a.atttypid, a.atttypmod),
                 'base', case when t.typtype = 'e' then 'enum' when t.typcategory = 'A' then 'array' else t.typname end,
                 'length', case when d.modifier > 4 and t.typname in ('varchar', 'bpchar') then d.modifier - 4
                                when d.modifier > 0 and t.typname in ('bit', 'varbit') then d.modifier
                                when d.modifier > 4 and t.typname = 'numeric' then ((d.modifier - 4) >> 16) & 65535 end,
                 'scale', case when d.modifier > 4 and t.typname = 'numeric' then (d.modifier - 4) & 2047 end,
                 'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
                 'needed', d.notnull and not a.atthasdef and a.attidentity = '' and a.attgenerated = '',
                 'key', exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey) and d.notnull)
                        or exists (select from pg_catalog.pg_constraint f where f.confrelid = c.oid and f.contype = 'f' and a.attnum = any (f.confkey)),
                 'required', d.notnull,
                 'identity', a.attidentity <> '',
                 'generated', a.attgenerated <> '') order by a.attnum)
          from pg_catalog.pg_attribute a
          join domained d on d.attrelid = a.attrelid and d.attnum = a.attnum
          join pg_catalog.pg_type t on t.oid = d.typ and t.typtype <> 'd'
         where a.attrelid = c.oid) as "columns",
       coalesce((select jsonb_agg(jsonb_build_object(
                   'schema', pn.nspname, 'table', p.relname,
                   'columns', (select jsonb_agg(jsonb_build_object('child', ca.attname, 'parent', pa.attname) order by k.i)
                                 from generate_subscripts(f.conkey, 1) as k (i)
                                 join pg_catalog.pg_attribute ca on ca.attrelid = f.conrelid and ca.attnum = f.conkey[k.i]
                                 join pg_catalog.pg_attribute pa on pa.attrelid = f.confrelid and pa.attnum = f.confkey[k.i])) order by f.conname)
                   from pg_catalog.pg_constraint f
                   join pg_catalog.pg_class p on p.oid = f.confrelid
                   join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
                  where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0), '[]') as "references",
       coalesce((select jsonb_agg(a.attname order by array_position(i.indkey::int2[], a.attnum))
                   from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                  where i.indrelid = c.oid and i.indisprimary), '[]') as "primaryKey"
  from sampled s
  join pg_catalog.pg_class c on c.oid = s.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 order by 1, 2
