-- Functions and triggers of the database's own that may leave something in the session in which they run: a setting, a cursor
-- WITH HOLD, LISTEN, a prepared statement or the loss of one, a temporary table, a lock, a connection; or that may tell what
-- another has left (the last value of a sequence). Judged by their text, comments included; what is built at run time
-- (EXECUTE) or written in another language counts. So does what hears errors alone until its transaction has ended: a notice
-- tells that the commit was not awaited on its standby. `SET` begins a statement, or it belongs to an UPDATE. A body in standard
-- SQL (BEGIN ATOMIC) is kept parsed, and has no text but the one that the server writes of it.
-- The same where app has a right that the bootstrap takes from everybody: a dump does not have the rights of its database.
with tenants as (
  select r.oid from pg_catalog.pg_roles r
   where r.rolname = 'tenantry_app' or (r.rolname = session_user and not r.rolsuper and pg_has_role(r.oid, 'tenantry_app', 'usage'))
)
select n.nspname as "schema", p.proname as "function", 'session-code' as "warning", null as "remedy"
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
 cross join lateral (select coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) as body) b
 where n.nspname not in ('pg_catalog', 'information_schema', 'tenantry', 'tenantry_watch', 'pg_toast')
   and p.prokind in ('f', 'p')
   and case
         when l.lanname in ('c', 'internal') then p.proname like any (array['dblink%', 'pgv\_%', 'set_limit', 'isn_weak'])
           or n.nspname in ('dbms_output', 'dbms_alert', 'dbms_pipe', 'dbms_sql', 'dbms_random', 'dbms_utility', 'plvdate', 'plvsubst', 'plvlex', 'utl_file')
         when l.lanname in ('sql', 'plpgsql') then
           b.body ~* '\m(hold|listen|prepare|deallocate|load|execute|temp|temporary|pg_temp\w*|set_config|pg_settings|setseed|currval|lastval|dblink\w*|pgv_\w*|set_limit|isn_weak|pg_(try_)?advisory_lock\w*)\M'
           -- Also with LOCAL: no end of a transaction, and no reset, undoes a seed.
           or b.body ~* '\mseed\M\s*(=|\mto\M)'
           or b.body ~* '\mclient_min_messages\M\s*(=|\mto\M)\s*[''"]?error\M'
           or b.body ~* '(^|;|\m(begin|then|else|loop)\M)(\s|--[^\n]*\n|/\*.*\*/)*set\s+(?!local\M|constraints\M)'
         else true
       end
union
select 'pg_catalog', p.proname, 'session-code', null
  from tenantry_watch.withheld() w
  join pg_catalog.pg_proc p on p.oid = w.routine, tenants t
 where w.stays and has_function_privilege(t.oid, p.oid, 'execute')
union
select 'pg_temp', '*', 'temporary-tables', format('revoke temporary on database %I from tenantry_app, public', current_database())
  from tenants t
 where has_database_privilege(t.oid, current_database(), 'temporary')
 order by 1, 2;
