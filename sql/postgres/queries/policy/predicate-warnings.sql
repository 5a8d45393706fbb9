-- What is to be known of tables that policies read, or ask for rows by: one row for each; `at` is the place in the configuration, `remedy`
-- is SQL where SQL helps. A `need` is an index that begins with these columns, and with none but `also`
-- before them, or a table that decides; `open` names what any tenant's user
-- may do with a table's rows.
-- @needs text
-- @tables text
with need as (
  select t."at", t."use", n.nspname::text as "schema", c.relname::text as "table", c.oid, format('%I.%I', n.nspname, c.relname) as name,
         array(select jsonb_array_elements_text(t."columns")) as columns, array(select jsonb_array_elements_text(t."also")) as also
    from jsonb_to_recordset(@needs::jsonb) as t ("at" text, "use" text, "schema" text, "table" text, "columns" jsonb, "also" jsonb)
    join pg_catalog.pg_namespace n on n.nspname = coalesce(t."schema", 'public')
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind in ('r', 'p')
), index as (
  select i.indexrelid, i.indrelid, i.indisunique, i.indnkeyatts,
         array(select a.attname::text
                 from generate_series(0, i.indnkeyatts - 1) k
                 join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k]
                order by k) as columns
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_am m on m.oid = c.relam
   where i.indpred is null and i.indexprs is null and i.indisvalid and i.indisready and m.amname in ('btree', 'hash')
)
select n."schema" as "schema", n."table" as "table", 'no-predicate-index' as "warning", array_to_string(n.columns, ', ') as "detail",
       format('create index on %s (%s)', n.name, (select string_agg(quote_ident(c), ', ' order by place) from unnest(n.columns) with ordinality as u (c, place))) as "remedy",
       n."at" as "at"
  from need n
 where n."use" = 'index'
   -- In any order: what is asked for is known of each column. A unique key of some of them gives one row.
   and not exists (select from index i, generate_series(cardinality(n.columns), cardinality(n.columns || n.also)) k
                    where i.indrelid = n.oid
                      and (i.columns[1:k] @> n.columns and i.columns[1:k] <@ (n.columns || n.also)
                           or i.indisunique and i.columns <@ (n.columns || n.also)))
union all
select n."schema", n."table", 'open-deciding-table', t."open", null, n."at"
  from need n
  join jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "open" text) on t."schema" = n."schema" and t."table" = n."table"
 where n."use" = 'decides'
 order by 1, 2, 3, 6
