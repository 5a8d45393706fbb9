-- What makes the login of this connection more powerful than any principal may be; no row: nothing.
select p."problem"
from pg_catalog.pg_roles r
cross join lateral (values
  (r.rolsuper, 'is a superuser of the server'),
  (r.rolbypassrls, 'bypasses row-level security'),
  (r.rolcreaterole, 'may create roles'),
  (r.rolreplication, 'may replicate the whole server'),
  (exists (select from pg_catalog.pg_roles o where (o.rolsuper or o.rolbypassrls) and pg_has_role(r.oid, o.oid, 'member') and o.oid <> r.oid), 'may become a superuser'),
  (exists (select from pg_catalog.pg_roles o where o.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
     and pg_has_role(r.oid, o.oid, 'member')), 'is a member of a role that reads or writes everything')
) as p ("applies", "problem")
where r.rolname = session_user and p."applies";
