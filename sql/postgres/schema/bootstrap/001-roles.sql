-- Group roles, once per server: policies and grants name these, logins are members of them.
do $$
declare
  role_name text;
  inheriting text;
begin
  foreach role_name in array array['tenantry_app', 'tenantry_superuser', 'tenantry_mover', 'tenantry_admin', 'tenantry_definer', 'tenantry_probe'] loop
    inheriting := case role_name when 'tenantry_admin' then 'inherit' else 'noinherit' end;
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
        execute format('create role %I nologin %s nosuperuser nobypassrls nocreatedb nocreaterole noreplication', role_name, inheriting);
      end if;
    exception
      -- Another database of the same server is being provisioned at this moment.
      when duplicate_object or unique_violation then null;
    end;
    execute format('alter role %I %s', role_name, inheriting);
    if exists (select from pg_catalog.pg_roles where rolname = role_name and (rolsuper or rolbypassrls or rolcanlogin)) then
      -- TN010: the text is told, which is sent with the statement and so names all of them.
      raise exception 'One of the roles tenantry_app, tenantry_superuser, tenantry_mover, tenantry_admin, tenantry_definer and tenantry_probe exists and is a login, a superuser or bypasses row-level security: rename it.'
        using errcode = 'TN010';
    end if;
  end loop;

  -- Since PostgreSQL 16 who makes a role without being a superuser may become it, and gives it to whom he likes: nobody but who provisions.
  -- What runs with rights of tenantry_definer and tenantry_probe is admin's to name and to try.
  if exists (select from pg_catalog.pg_auth_members m
               join pg_catalog.pg_roles g on g.oid = m.roleid
               join pg_catalog.pg_roles r on r.oid = m.member
              where g.rolname in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover', 'tenantry_admin', 'tenantry_definer', 'tenantry_probe')
                and not r.rolsuper and r.rolname <> current_user
                and (m.admin_option or (g.rolname in ('tenantry_definer', 'tenantry_probe') and r.rolname <> 'tenantry_admin'))) then
    raise exception 'A role that is neither a superuser nor the one that provisions is a member, with admin option or of tenantry_definer or tenantry_probe, of one of the roles tenantry_app, tenantry_superuser, tenantry_mover, tenantry_admin, tenantry_definer and tenantry_probe, and so could read all tenants: see whose they are (pg_auth_members), revoke that, and provision again.'
      using errcode = 'TN010';
  end if;
end
$$;

-- admin installs the definer's functions and must be able to name it as their owner.
grant tenantry_definer to tenantry_admin;

-- The logins besides admin's are granted to tenantry_probe, so that admin may act as each of them within its own transaction and try
-- what it may. By SET ROLE alone: tenantry_probe inherits nothing, so admin has none of their rights, and no policy of theirs binds it.
grant tenantry_probe to tenantry_admin;

-- `tenant offline --force` cancels the statements of app sessions. The group inherits this by its own attribute: WITH INHERIT is
-- said by PostgreSQL 16 and later alone.
grant pg_signal_backend to tenantry_admin;
