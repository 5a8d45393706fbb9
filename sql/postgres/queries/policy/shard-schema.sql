-- What the database says of itself before a schema is installed or relied on.
select coalesce(pg_has_role(current_user, (select r.oid from pg_catalog.pg_roles r where r.rolname = 'tenantry_admin'), 'usage'), false)
         and exists (select from pg_catalog.pg_roles r where r.rolname = 'tenantry_definer')
         and coalesce((select n.nspowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = 'tenantry_admin')
                         from pg_catalog.pg_namespace n where n.nspname = 'tenantry'), false)
         and to_regclass('tenantry_watch.gate') is not null as "prepared",
       to_regclass('tenantry.schema_version') is not null as "installed",
       case (select p.prorettype from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
              where n.nspname = 'tenantry' and p.proname = 'current_tenant')
         when 'int4'::regtype then 'int' when 'int8'::regtype then 'bigint' when 'uuid'::regtype then 'uuid'
         when 'text'::regtype then 'string' when 'bytea'::regtype then 'bytes' end as "keyType",
       case when to_regprocedure('tenantry.context()') is null then null
            when pg_get_functiondef(to_regprocedure('tenantry.context()')) like '%backtrace\_functions%' then 'guarded'
            when pg_get_functiondef(to_regprocedure('tenantry.context()')) like '%SECURITY DEFINER%context\_code(%' then 'mac'
            else 'plain' end as "contextProtection"
