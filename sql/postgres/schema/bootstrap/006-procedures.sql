-- Hands what app shall call to admin, who lets it: every function and procedure of the names in the setting tenantry_watch.procedures, an
-- array of objects of "schema" and "routine".
do $$
declare
  found record;
begin
  for found in
    select p.oid::regprocedure as name
      from jsonb_to_recordset(current_setting('tenantry_watch.procedures')::jsonb) as w (schema text, routine text)
      join pg_namespace n on n.nspname = w.schema
      join pg_proc p on p.pronamespace = n.oid and p.proname = w.routine and p.prokind in ('f', 'p')
  loop
    execute format('alter routine %s owner to tenantry_admin', found.name);
  end loop;
end
$$;
