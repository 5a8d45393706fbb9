-- The named procedures that are there, functions among them; one that is not there has no row, one that is there more than once has
-- several.
-- @procedures text
select w."name" as "procedure", p.prokind = 'f' as "isFunction"
  from jsonb_to_recordset(cast(@procedures as jsonb)) as w("name" text, "schema" text, "routine" text)
  join pg_catalog.pg_namespace n on n.nspname = w."schema"
  join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w."routine" and p.prokind in ('f', 'p')
 order by w."name";
