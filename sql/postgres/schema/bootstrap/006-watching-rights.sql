-- Who may do what with what watches. Default privileges, of whoever provisions or for everybody, have given rights to what was just made,
-- a trigger on the log of changes among them, which would run as the watcher. So all is taken first, from PUBLIC and from every role by name.
do $$
declare
  given record;
begin
  for given in
    select 'schema' as kind, n.nspname::text as name, g.grantee
      from pg_namespace n cross join lateral aclexplode(n.nspacl) g
     where n.nspname = 'tenantry_watch' and g.grantee <> n.nspowner
    union
    select case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass::text, g.grantee
      from pg_class c cross join lateral aclexplode(c.relacl) g
     where c.relnamespace = 'tenantry_watch'::regnamespace and g.grantee <> c.relowner
    union
    select 'table', c.oid::regclass::text, g.grantee
      from pg_class c join pg_attribute a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) g
     where c.relnamespace = 'tenantry_watch'::regnamespace and g.grantee <> c.relowner
    union
    select 'routine', p.oid::regprocedure::text, g.grantee
      from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
     where p.pronamespace = 'tenantry_watch'::regnamespace and g.grantee <> p.proowner
  loop
    execute format('revoke all on %s %s from %s cascade', given.kind, given.name,
      case given.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(given.grantee)) end);
  end loop;
end
$$;

grant usage on schema tenantry_watch to tenantry_app, tenantry_admin, tenantry_definer;
grant select on tenantry_watch.accepted, tenantry_watch.accepted_item, tenantry_watch.gate to tenantry_app;
grant select on tenantry_watch.gate to tenantry_definer;
grant select, insert, update, delete on tenantry_watch.accepted, tenantry_watch.accepted_item, tenantry_watch.tenant_column to tenantry_admin;
grant select, update (open, changed_at, override_until, override_number, override_reason, override_by, override_signature) on tenantry_watch.gate to tenantry_admin;
grant select on tenantry_watch.change_log to tenantry_admin;
grant execute on function tenantry_watch.user_mapping_versions(), tenantry_watch.fingerprint_items(), tenantry_watch.unjudged(),
  tenantry_watch.withheld() to tenantry_app, tenantry_admin;
