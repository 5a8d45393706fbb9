-- What an administrator has to run before admin may act as these users, in order; no row where it may. A grant to the role that stands
-- between gives admin none of their rights: it is by SET ROLE alone that it acts as them.
-- @users text
with unreached as (
  select u.name
    from jsonb_array_elements_text(@users::jsonb) as u (name)
    left join pg_catalog.pg_roles r on r.rolname = u.name
   where r.oid is null
      or not pg_has_role(session_user, r.oid, case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end)
)
select s.remedy as "remedy"
  from (
    select 1 as position, 'create role tenantry_probe nologin noinherit' as remedy
     where not exists (select from pg_catalog.pg_roles where rolname = 'tenantry_probe')
    union all
    select 2, 'grant tenantry_probe to tenantry_admin'
    union all
    select 3, format('grant %I to tenantry_probe', name) from unreached
  ) s
 where exists (select from unreached)
 order by s.position, s.remedy
