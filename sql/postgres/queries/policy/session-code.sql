-- Functions and triggers of the database's own that may leave something in the session in which they run: a setting, a cursor
-- WITH HOLD, LISTEN, a prepared statement, a lock, a connection. Judged by their text, comments included; what is built at run
-- time (EXECUTE) or written in another language counts. `SET` begins a statement, or it belongs to an UPDATE.
select n.nspname as "schema", p.proname as "function"
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
 where n.nspname not in ('pg_catalog', 'information_schema', 'tenantry', 'pg_toast')
   and p.prokind in ('f', 'p')
   and case
         when l.lanname in ('c', 'internal') then p.proname like 'dblink%' or p.proname = 'set_limit'
         when l.lanname in ('sql', 'plpgsql') then
           p.prosrc ~* '\m(hold|listen|prepare|load|execute|set_config|dblink\w*|set_limit|pg_(try_)?advisory_lock\w*)\M'
           or p.prosrc ~* '(^|;|\m(begin|then|else|loop)\M)(\s|--[^\n]*\n|/\*.*\*/)*set\s+(?!local\M|constraints\M)'
         else true
       end
 order by 1, 2;
