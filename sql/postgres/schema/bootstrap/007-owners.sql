-- Hands what is configured to admin: the tables of the setting tenantry_watch.tables, an array of objects of "schema" and "table", and every
-- function and procedure of the names in tenantry_watch.procedures, of "schema" and "routine".
--
-- admin sees all tenants, and an owner's rights are what views, rules, definers and the functions of indexes run with. Who made one of these
-- may use it still, after it was given away (a right given to PUBLIC stays). So a view is no table, a function that runs as its
-- owner stays its owner's (policy apply names both), and a table is taken from those alone who have such rights of their own.
do $$
declare
  configured record;
  found record;
begin
  for configured in
    select w.schema, w.table, format('%I.%I', w.schema, w.table) as name
      from jsonb_to_recordset(current_setting('tenantry_watch.tables')::jsonb) as w (schema text, "table" text)
      join pg_namespace n on n.nspname = w.schema
      join pg_class c on c.relnamespace = n.oid and c.relname = w.table and c.relkind in ('r', 'p') and c.relowner <> 'tenantry_admin'::regrole
  loop
    -- Under the lock the name stays what it is looked at as.
    execute format('lock table only %s in access exclusive mode', configured.name);
    select c.relowner in (current_user::regrole, d.datdba) or pg_has_role(c.relowner, 'tenantry_admin', 'member') as trusted
      into strict found
      from pg_class c join pg_database d on d.datname = current_database()
     where c.oid = configured.name::regclass and c.relkind in ('r', 'p');
    -- TN010: this text is told.
    if not found.trusted then
      raise exception 'A table of the configuration belongs to a role that is neither a superuser nor the owner of the database: its rules, and functions of its indexes, which that role may have made, would run as tenantry_admin, who sees all tenants. See what it has, then say alter table … owner to tenantry_admin, and provision again.'
        using errcode = 'TN010', schema = configured.schema, table = configured.table;
    end if;
    execute format('alter table %s owner to tenantry_admin', configured.name);
  end loop;

  for found in
    select p.oid::regprocedure as name
      from jsonb_to_recordset(current_setting('tenantry_watch.procedures')::jsonb) as w (schema text, routine text)
      join pg_namespace n on n.nspname = w.schema
      join pg_proc p on p.pronamespace = n.oid and p.proname = w.routine and p.prokind in ('f', 'p') and not p.prosecdef
  loop
    execute format('alter routine %s owner to tenantry_admin', found.name);
    if (select p.prosecdef from pg_proc p where p.oid = found.name::text::regprocedure) then
      raise exception 'A routine of the configuration was changed meanwhile, and runs as its owner now: provision again.' using errcode = 'TN010';
    end if;
  end loop;
end
$$;
