-- What an attacker comes to who may run any SQL as app's login, entered as tenant 1 with its user ann, or not entered; and what the login for
-- reports may change. One row for each attack that showed or changed what is not theirs.
-- What tells everything that is tenant 2's or of boss, and what decides who is let in, as one digest: another one once any of it was changed.
create function pg_temp.possessions() returns text language sql
as $$
  select 'select md5(concat_ws(chr(10), ' || string_agg(format('(select string_agg(t::text, chr(10) order by t::text) from %s t where %s)', h.name,
           case when h.own then 'true' when h.routed then format('"TenantId" = 2 or t::text ~ %L', 'of boss|,boss,|74656e616e742d32') else 'true' end), ', ' order by h.name) || '))'
    from (select c.oid::regclass::text as name, n.nspname in ('tenantry', 'tenantry_watch') as own,
                 exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'TenantId') as routed
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relkind in ('r', 'p') and not c.relispartition
             and (n.nspname = 'public' or n.nspname in ('tenantry', 'tenantry_watch') and c.relname in ('local_mapping', 'gate', 'accepted', 'accepted_item', 'shard_identity', 'tenant_column', 'policy_model'))) h
$$;

create function pg_temp.attacks(app_login text, reports_login text)
  returns table (login text, acting text, way text, what text, statement text) language sql
as $attacks$
with recursive acting as (
  select r.oid, r.rolname, r.rolsuper from pg_roles r where r.rolname = app_login
  union
  select g.oid, g.rolname, g.rolsuper
    from acting a join pg_auth_members m on m.member = a.oid join pg_roles g on g.oid = m.roleid
   where not a.rolsuper
), relation as (
  -- Of tables that are in no configuration, only what app comes to counts.
  select c.oid, c.relkind, c.relowner, format('%I.%I', n.nspname, c.relname) as name, c.relname not in ('Ledger', 'EventsAside', 'Standings', 'Given', 'Asked', 'Answered', 'Guarded') as configured
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where (n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') or c.oid >= 16384) and n.nspname !~ '^pg_(toast_)?temp' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
), filled as (
  select a.attrelid as oid, a.attname, a.attnum,
         case when a.attname in ('TenantId', 'tenant') then '2' when a.atttypid = 'int4'::regtype then case when a.attname = 'Id' then '77' else '1' end
              when a.atttypid in ('text'::regtype, 'varchar'::regtype) then case a.attname when 'Owner' then '''boss''' else '''forged''' end else 'null' end as value
    from pg_attribute a where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
), caller as (
  -- Whoever is tenantry_app alone has no more than the login that inherits from it.
  select app_login as login, a.oid, a.rolname, 'app' as kind from acting a
   where a.rolname <> 'tenantry_app' or not pg_has_role(app_login, a.oid, 'usage')
  union all
  select reports_login, r.oid, r.rolname, 'reports' from pg_roles r where r.rolname = reports_login
), on_relation as (
  select c.login, c.rolname as acting, 'shows' as way, 'select ' || r.name as what, 
         format('select exists (select from %s t where %s ~ ''tenant-2|of boss|74656e616e742d32'')', r.name,
           case when has_table_privilege(c.oid, r.oid, 'select') then 't::text'
                else (select format('concat_ws('','', %s)', string_agg(quote_ident(f.attname), ', ')) from filled f where f.oid = r.oid and has_column_privilege(c.oid, r.oid, f.attnum, 'select')) end) as statement
    from caller c join relation r on r.relkind <> 'S' and has_any_column_privilege(c.oid, r.oid, 'select')
   where c.kind = 'app'
  union all
  select c.login, c.rolname, 'changes', 'update ' || r.name, format('update %s set %I = %s', r.name, f.attname, f.value)
    from caller c join relation r on r.relkind <> 'S' join filled f on f.oid = r.oid and f.value <> 'null' and has_column_privilege(c.oid, r.oid, f.attnum, 'update') and (c.kind = 'app' or r.configured)
  union all
  select c.login, c.rolname, 'changes', 'delete ' || r.name, 'delete from ' || r.name
    from caller c join relation r on r.relkind <> 'S' and has_table_privilege(c.oid, r.oid, 'delete') and (c.kind = 'app' or r.configured)
  union all
  select c.login, c.rolname, 'changes', 'insert ' || r.name,
         format('insert into %s (%s) values (%s)', r.name, string_agg(quote_ident(f.attname), ', ' order by f.attnum),
           string_agg(case when own.tenant and f.attname = 'TenantId' then '1' else f.value end, ', ' order by f.attnum))
    from caller c cross join (values (false), (true)) own (tenant)
    join relation r on r.relkind <> 'S' join filled f on f.oid = r.oid and has_column_privilege(c.oid, r.oid, f.attnum, 'insert')
   where (c.kind = 'app' or r.configured) and (not own.tenant or exists (select from filled o where o.oid = r.oid and o.attname = 'Owner'))
   group by c.login, c.rolname, r.name, own.tenant
  union all
  select c.login, c.rolname, 'changes', 'truncate ' || r.name, 'truncate ' || r.name || ' cascade'
    from caller c join relation r on r.relkind in ('r', 'p') and has_table_privilege(c.oid, r.oid, 'truncate') and (c.kind = 'app' or r.configured)
  union all
  select c.login, c.rolname, 'does', 'trigger on ' || r.name,
         format('create trigger mine before update on %s for each row execute function suppress_redundant_updates_trigger()', r.name)
    from caller c join relation r on r.relkind in ('r', 'p') and has_table_privilege(c.oid, r.oid, 'trigger') and (c.kind = 'app' or r.configured)
  union all
  select c.login, c.rolname, 'does', 'alter ' || r.name, format('alter table %s disable row level security', r.name)
    from caller c join relation r on r.relkind in ('r', 'p') and pg_has_role(c.oid, r.relowner, 'usage')
  union all
  select c.login, c.rolname, 'does', 'sequence ' || r.name, s.statement
    from caller c join relation r on r.relkind = 'S'
   cross join lateral (values (format('select setval(%L, 1)', r.name)), (format('select last_value from %s', r.name))) s (statement)
), on_function as (
  select c.login, c.rolname, w.way, 'call ' || p.oid::regprocedure, 
         format(w.form, n.nspname, p.proname, (select string_agg(case t.oid when 'int4'::regtype then '2' when 'bytea'::regtype then '''\x80000002''::bytea' else format('null::%s', t.oid::regtype) end, ', ' order by t.i)
                                                 from unnest(p.proargtypes::oid[]) with ordinality t (oid, i)))
    from caller c
    join pg_proc p on p.prokind = 'f' and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype) and has_function_privilege(c.oid, p.oid, 'execute')
    join pg_namespace n on n.oid = p.pronamespace and (n.nspname not in ('pg_catalog', 'information_schema') or p.oid >= 16384) and n.nspname !~ '^pg_temp'
     and has_schema_privilege(c.oid, n.oid, 'usage')
   cross join (values ('shows', 'select exists (select from %I.%I(%s) f where f::text ~ ''tenant-2|of boss|74656e616e742d32'')'), ('changes', 'select %I.%I(%s)')) w (way, form)
   where c.kind = 'app'
  union all
  select c.login, c.rolname, 'shows', 'filter by ' || p.oid::regprocedure,
         format('select exists (select from public."Blogs" b where %I.%I(b."Name")::text = ''x'')', n.nspname, p.proname)
    from caller c
    join pg_proc p on p.prokind = 'f' and p.proargtypes::oid[] @> array['text'::regtype::oid] and p.pronargs = 1 and has_function_privilege(c.oid, p.oid, 'execute')
    join pg_namespace n on n.oid = p.pronamespace and n.nspname in ('public')
   where c.kind = 'app'
), by_itself as (
  select c.login, c.rolname, a.way, a.what, a.statement
    from caller c
   cross join (values
     ('forges', 'set local', 'set local backtrace_functions = ''tenantry_x80000002'''),
     ('forges', 'set_config', 'select set_config(''backtrace_functions'', ''tenantry_x80000002'', true)'),
     ('forges', 'pg_settings', 'update pg_settings set setting = ''tenantry_x80000002'' where name = ''backtrace_functions'''),
     ('forges', 'reset', 'reset backtrace_functions'),
     ('forges', 'set_context of text', 'select tenantry.set_context(''tenantry_x80000002''::text)'),
     ('forges', 'add_context_values', 'select tenantry.add_context_values(''{"user":"boss"}'')'),
     ('forges', 'enter without a token', 'select tenantry.enter(2, ''\x80000002'', ''\x000000000000000100000000000000000000000000000000'')'),
     ('forges', 'enter to read without a token', 'select tenantry.enter_read_only(2, ''\x80000002'', ''\x000000000000000100000000000000000000000000000000'')'),
     ('forges', 'enter a point without a token', 'select tenantry.enter_point(2, ''\x00000000000000010000000000000000000000000000000080000002'')'),
     ('forges', 'enter a point to read without a token', 'select tenantry.enter_point_read_only(2, ''\x00000000000000010000000000000000000000000000000080000002'')'),
     ('forges', 'enter with values without a token', 'select tenantry.enter(1, ''\x80000001'', ''\x000000000000000100000000000000000000000000000000'', ''{"user":"boss"}'')'),
     ('forges', 'enter with its own token for another key', 'select tenantry.enter(1, ''\x80000002'', ''\x000000000000000174656e616e742d312d73656372657421'')'),
     ('forges', 'enter slowly', 'select tenantry.enter_slowly(2, ''\x80000002'', ''\x000000000000000100000000000000000000000000000000'', false)'),
     ('forges', 'session_replication_role', 'set local session_replication_role = replica'),
     ('forges', 'row_security', 'set local row_security = off'),
     ('does', 'a function of its own', 'create function public.mine() returns integer language sql as ''select 1'''),
     ('does', 'a function beside the real ones', 'create function tenantry.mine() returns integer language sql as ''select 1'''),
     ('does', 'a table of its own', 'create table public.mine ()'),
     ('does', 'a temporary table', 'create temporary table mine ()'),
     ('does', 'a schema', 'create schema mine'),
     ('does', 'a block', 'do ''begin null; end'''),
     ('does', 'a role', 'create role mine'),
     ('does', 'a right', format('alter role %I bypassrls', app_login)),
     ('does', 'a large object', 'select lo_create(0)'),
     ('shows', 'large objects', 'select exists (select from pg_largeobject l where convert_from(l.data, ''UTF8'') ~ ''tenant-2|of boss|74656e616e742d32'')'),
     ('shows', 'a large object', 'select convert_from(lo_get(7002), ''UTF8'') ~ ''tenant-2|of boss|74656e616e742d32'''),
     ('does', 'a file', 'select pg_read_file(''PG_VERSION'')'),
     ('does', 'a program', 'copy (select 1) to program ''true'''),
     ('does', 'a copy to a file', 'copy (select 1) to ''/dev/null'''),
     ('does', 'others'' activity', 'select 1 / count(*) from pg_stat_get_activity(null)'),
     ('does', 'others'' ends', 'select pg_terminate_backend(-1)'),
     ('does', 'others'' locks', 'select pg_advisory_xact_lock(1413828161, 2)'),
     ('does', 'a publication', 'create publication mine'),
     ('does', 'passwords', 'select 1 from pg_authid'),
     ('shows', 'a view of the server', 'select exists (select from pg_cursors c where c::text ~ ''tenant-2'')'),
     ('shows', 'statistics', 'select exists (select from pg_stats s where s.most_common_vals::text ~ ''tenant-2|of boss|74656e616e742d32'' or s.histogram_bounds::text ~ ''tenant-2|of boss|74656e616e742d32'')'),
     ('shows', 'statistics below', 'select exists (select from pg_statistic s where s::text ~ ''tenant-2|of boss|74656e616e742d32'')'),
     ('shows', 'statistics of several columns', 'select exists (select from pg_statistic_ext_data s where s.stxdmcv::text ~ ''tenant-2|of boss|74656e616e742d32'')'),
     ('does', 'prepared statements', 'select pg_prepared_statement()'),
     ('does', 'a checkpoint', 'checkpoint'),
     ('does', 'what others hear', 'select 1 / count(*) from pg_ls_waldir()'),
     ('does', 'settings of the server', 'select 1 from pg_hba_file_rules()')
   ) a (way, what, statement)
   where c.kind = 'app'
)
select * from on_relation union all select * from on_function union all select * from by_itself
$attacks$;

-- Tenant 2 goes on meanwhile: what is made of its rows by the way counts as well.
create function pg_temp.live_on(app_login text) returns void language plpgsql
as $$
declare
  statement text;
begin
  for statement in
    select unnest(array['insert into public."Blogs" values (2, 50, ''tenant-2 fresh'')', 'update public."Blogs" set "Name" = ''tenant-2 renewed'' where "BlogId" = 1',
      'insert into public."Projects" values (2, 50, ''ann'', ''tenant-2 fresh'')', 'update public."Projects" set "Text" = ''tenant-2 renewed''',
      'delete from public."Events"', 'analyze public."Blogs"'])
  loop
    begin
      if statement not like 'analyze%' then
        execute format('set local session authorization %I', app_login);
        perform tenantry.enter(2, '\x80000002', '\x000000000000000174656e616e742d322d73656372657421', '{"user":"ann"}');
      end if;
      execute statement;
      set local session authorization default;
      perform set_config('backtrace_functions', '', true);
    exception
      when others then null;
    end;
  end loop;
end $$;

create function pg_temp.leaks(app_login text, reports_login text) returns setof text language plpgsql
as $judge$
declare
  told constant text := pg_temp.possessions();
  before text;
  after text;
  attack record;
  entry text;
  leaked boolean;
begin
  perform pg_temp.live_on(app_login);
  execute told into before;
  for attack in
    select a.*, e.entered from pg_temp.attacks(app_login, reports_login) a join (values (false), (true)) e (entered) on a.login = app_login or not e.entered
  loop
    begin
      execute format('set local session authorization %I', attack.login);
      if attack.acting <> attack.login then
        execute format('set local role %I', attack.acting);
      end if;
      if attack.entered then
        perform tenantry.enter(1, '\x80000001', '\x000000000000000174656e616e742d312d73656372657421', '{"user":"ann"}');
      end if;
      case attack.way
        when 'shows' then
          execute attack.statement into leaked;
        when 'does' then
          execute attack.statement;
          leaked := true;
        when 'forges' then
          execute attack.statement;
          select exists (select from public."Blogs" b where b::text ~ 'tenant-2|of boss|74656e616e742d32') or exists (select from public."Projects" p where p::text ~ 'tenant-2|of boss|74656e616e742d32') into leaked;
        else
          execute attack.statement;
          set local session authorization default;
          execute told into after;
          leaked := after <> before;
      end case;
      raise exception using errcode = 'JUDGE', message = coalesce(leaked, false)::text;
    exception
      when others then
        if (sqlstate = 'JUDGE' and sqlerrm = 'true') or (sqlstate <> 'JUDGE' and attack.what like 'filter %' and sqlerrm ~ 'tenant-2|of boss|74656e616e742d32') then
          return next format('%s%s: %s', case when attack.entered then 'entered, ' else '' end, attack.acting, attack.what);
        end if;
    end;
  end loop;
end
$judge$;
