-- Who else has the rights of the groups that see all tenants, or of the configured logins: one row for each member besides those logins,
-- and what the provisioning makes a member. Superusers need no membership.
-- @logins text
with login as (
  select l."user", l."group" from jsonb_to_recordset(@logins::jsonb) as l ("user" text, "group" text)
)
select g.rolname as "role", r.rolname as "member",
       string_agg(format('revoke %I from %I%s cascade', g.rolname, r.rolname, ' granted by ' || quote_ident(b.rolname)), '; ' order by b.rolname) as "remedy"
  from pg_catalog.pg_auth_members m
  join pg_catalog.pg_roles g on g.oid = m.roleid
  join pg_catalog.pg_roles r on r.oid = m.member and not r.rolsuper
  left join pg_catalog.pg_roles b on b.oid = m.grantor
 where (g.rolname in ('tenantry_superuser', 'tenantry_mover', 'tenantry_admin') or g.rolname in (select l."user" from login l))
   and not exists (select from login l where l."user" = r.rolname and l."group" = g.rolname)
   and not (r.rolname = 'tenantry_probe' and g.rolname in (select l."user" from login l where l."group" <> 'tenantry_admin'))
   -- Since PostgreSQL 16, which has these columns, who makes a role is a member that has nothing by it but to name others.
   and (coalesce(to_jsonb(m) ->> 'inherit_option', 'true') = 'true' or coalesce(to_jsonb(m) ->> 'set_option', 'true') = 'true')
 group by g.rolname, r.rolname
 order by 1, 2
