-- Why tables cannot be asked what policies ask of them, one row for each reason; `at` is the place in the configuration, `columns` what a
-- table has in place of a column that it lacks, `remedy` is SQL where SQL helps. Tables that are missing are told of by `policy/problems`.
-- @needs text
with need as (
  select t."at", t."use", t."column", t."type", t."otherColumn", t."key", t."tenantColumn",
         n.nspname::text as "schema", c.relname::text as "table", c.oid, format('%I.%I', n.nspname, c.relname) as name,
         a.attnum, a.atttypid, format_type(a.atttypid, a.atttypmod) as type_name, y.typcategory, col.collisdeterministic,
         other.oid as other_oid, quote_ident(other_schema.nspname) || '.' || quote_ident(other.relname) as other_name
    from jsonb_to_recordset(@needs::jsonb) as t ("at" text, "use" text, "schema" text, "table" text, "column" text, "type" text,
                                                "otherSchema" text, "otherTable" text, "otherColumn" text, "key" text, "tenantColumn" text)
    join pg_catalog.pg_namespace n on n.nspname = coalesce(t."schema", 'public')
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = t."column" and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_type y on y.oid = a.atttypid
    left join pg_catalog.pg_collation col on col.oid = a.attcollation
    left join pg_catalog.pg_namespace other_schema on t."otherColumn" is not null and other_schema.nspname = coalesce(t."otherSchema", 'public')
    left join pg_catalog.pg_class other on other.relnamespace = other_schema.oid and other.relname = t."otherTable" and other.relkind in ('r', 'p')
), pair as (
  select n.*, o.atttypid as other_typid, format_type(o.atttypid, o.atttypmod) as other_type_name, col.collisdeterministic as other_is_deterministic
    from need n
    join pg_catalog.pg_attribute o on o.attrelid = n.other_oid and o.attname = n."otherColumn" and o.attnum > 0 and not o.attisdropped
    left join pg_catalog.pg_collation col on col.oid = o.attcollation
   where n."use" = 'pair' and n.attnum is not null
), family (typid, family) as (
  values ('text'::regtype::oid, 'text'), ('varchar'::regtype, 'text'), ('int2'::regtype, 'number'), ('int4'::regtype, 'number'), ('int8'::regtype, 'number')
)
select n."schema" as "schema", n."table" as "table", 'no-such-column' as "problem", n."column" as "detail", null as "remedy", n."at" as "at",
       (select jsonb_agg(jsonb_build_object('name', a.attname) order by a.attnum)
          from pg_catalog.pg_attribute a
         where a.attrelid = n.oid and a.attnum > 0 and not a.attisdropped) as "columns"
  from need n where n.attnum is null and n."use" <> 'unique'
union all
select n."schema", n."table", 'value-type',
       format('%s is of type %s, and a value of type %s is compared with %s', n."column", n.type_name, n."type",
              case n."type" when 'string' then 'text or varchar' when 'uuid' then 'uuid' else 'smallint, integer or bigint' end), null, n."at", null
  from need n
 where n."use" = 'value' and n.attnum is not null
   and case n."type" when 'string' then 'text' when 'uuid' then 'uuid' else 'number' end
       is distinct from coalesce((select f.family from family f where f.typid = n.atttypid), case n.atttypid when 'uuid'::regtype then 'uuid' end)
union all
select p."schema", p."table", 'pair-type', format('%s is of type %s, and %s of %s, which it is compared with, of %s', p."column", p.type_name, p."otherColumn", p.other_name, p.other_type_name),
       null, p."at", null
  from pair p
 where case when p.atttypid = p.other_typid then p.typcategory = 'S' and p.atttypid not in (select f.typid from family f)
            else (select f.family from family f where f.typid = p.atttypid)
                 is distinct from coalesce((select f.family from family f where f.typid = p.other_typid), '') end
union all
-- An equality that takes one text for another would take one user for another.
select n."schema", n."table", 'text-collation', n."column",
       format('alter table %s alter column %I type %s collate "C"', n.name, n."column", n.type_name), n."at", null
  from need n
 where n."use" = 'value' and not n.collisdeterministic
union all
select p."schema", p."table", 'text-collation', p."column",
       format('alter table %s alter column %I type %s collate "C"', p.name, p."column", p.type_name), p."at", null
  from pair p where not p.collisdeterministic
union all
select p."schema", p."table", 'text-collation', format('%s, which is compared with %s of %s', p."column", p."otherColumn", p.other_name),
       format('alter table %s alter column %I type %s collate "C"', p.other_name, p."otherColumn", p.other_type_name), p."at", null
  from pair p where p.collisdeterministic and not p.other_is_deterministic
union all
select n."schema", n."table", 'access-type', format('%s is of type %s', n."column", n.type_name), null, n."at", null
  from need n
 where n."use" = 'access' and n.attnum is not null
   and n.atttypid not in ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)
union all
-- A unique index of fewer columns does, too; one that looks only at the end of a transaction lets both stand within it.
select n."schema", n."table", 'both-answers', concat_ws(', ', n."tenantColumn", n."key", n."column"),
       format('create unique index on %s (%s)', n.name, concat_ws(', ', quote_ident(n."tenantColumn"), quote_ident(n."key"), quote_ident(n."column"))), n."at", null
  from need n
 where n."use" = 'unique'
   and (select count(*) from pg_catalog.pg_attribute a where a.attrelid = n.oid and a.attname in (n."key", n."column")) = 2
   and not exists (
     select from pg_catalog.pg_index i
      where i.indrelid = n.oid and i.indisunique and i.indimmediate and i.indisvalid and i.indisready and i.indpred is null and i.indexprs is null
        and not exists (select from generate_series(0, i.indnkeyatts - 1) k
                          join pg_catalog.pg_attribute a on a.attrelid = n.oid and a.attnum = i.indkey[k]
                         where a.attname not in (n."key", n."column", coalesce(n."tenantColumn", n."key"))))
 order by 1, 2, 6, 3
