-- Why a configured table cannot be routed, one row for each reason; `remedy` is SQL where SQL helps. Nothing waits for a table here, so no
-- definition is asked for in words.
-- @tables text
-- @keyType text
with recursive configured as (
  select t."schema", t."table", t."tenantColumn", c.oid, c.relkind, c.relowner, c.relnamespace,
         format('%I.%I', t."schema", t."table") as name
    from jsonb_to_recordset(@tables::jsonb) as t ("schema" text, "table" text, "tenantColumn" text)
    left join pg_catalog.pg_namespace n on n.nspname = t."schema"
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t."table" and c.relkind not in ('i', 'I', 'S', 't', 'c')
), held as (
  select "schema", "table", oid, relowner, name from configured where relkind in ('r', 'p')
  union
  -- What SQL can name beside the tables that it is part of takes policies, too.
  select n.nspname::text collate "default", c.relname::text collate "default", c.oid, c.relowner, format('%I.%I', n.nspname, c.relname) collate "default"
    from held h
    join pg_catalog.pg_inherits i on i.inhparent = h.oid
    join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
), tenant_column as (
  select r.*, a.attnum, a.attnotnull, a.attidentity <> '' or a.attgenerated <> '' as computed, a.attname,
         format_type(a.atttypid, a.atttypmod) as type_name,
         case a.atttypid when 'int4'::regtype then 'int' when 'int8'::regtype then 'bigint' when 'uuid'::regtype then 'uuid'
                         when 'text'::regtype then 'string' when 'varchar'::regtype then 'string' when 'bytea'::regtype then 'bytes' end as key_type,
         case when col.collprovider = 'd' then db.datlocprovider = 'b' or (db.datlocprovider = 'c' and db.datcollate in ('C', 'POSIX'))
              when col.oid is not null then col.collprovider = 'b' or (col.collprovider = 'c' and col.collcollate in ('C', 'POSIX'))
              else true end as byte_wise
    from configured r
    join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attname = r."tenantColumn" and a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p')
    left join pg_catalog.pg_collation col on col.oid = a.attcollation
    join pg_catalog.pg_database db on db.datname = current_database()
)
select "schema" as "schema", "table" as "table", 'missing-table' as "problem", null as "detail", null as "remedy"
  from configured where oid is null
union all
select "schema", "table", 'not-a-table', null, null
  from configured where relkind not in ('r', 'p')
union all
-- admin may act as app's logins, in whose name it tries what they may, and owns nothing in it.
select r."schema", r."table", case when o.is_app and not o.rolsuper then 'owned-by-app' else 'not-owned' end,
       o.rolname, format('alter table %s owner to tenantry_admin', r.name)
  from held r
 cross join lateral (select w.oid, w.rolname, w.rolsuper,
                            pg_has_role(w.oid, 'tenantry_app', 'usage')
                              or (pg_has_role(w.oid, 'tenantry_app', 'member') and not pg_has_role(w.oid, 'tenantry_admin', 'member')) as is_app
                       from pg_catalog.pg_roles w where w.oid = r.relowner) o
 where not pg_has_role(current_user, o.oid, 'usage') or o.is_app
union all
select r."schema", r."table", 'schema-rights', r."schema", format('grant usage on schema %I to tenantry_admin with grant option', r."schema")
  from configured r
 where r.relkind in ('r', 'p') and not has_schema_privilege(current_user, r.relnamespace, 'usage with grant option')
   and exists (select from pg_catalog.pg_roles g
                where g.rolname in ('tenantry_app', 'tenantry_superuser', 'tenantry_mover') and not has_schema_privilege(g.oid, r.relnamespace, 'usage'))
union all
select r."schema", r."table", 'unknown-column', r."tenantColumn", null
  from configured r
 where r.relkind in ('r', 'p') and r."tenantColumn" is not null and not exists (select from tenant_column c where c.oid = r.oid)
union all
select "schema", "table", 'column-type',
       format('%s, which is not that of the key type %s (%s)', type_name, @keyType,
              case @keyType when 'int' then 'integer' when 'string' then 'text or varchar' when 'bytes' then 'bytea' else @keyType end), null
  from tenant_column where key_type is distinct from @keyType
union all
select "schema", "table", 'collation', type_name, format('alter table %s alter column %I type %s collate "C"', name, attname, type_name)
  from tenant_column where key_type = @keyType and not byte_wise
union all
select "schema", "table", 'nullable', attname, format('alter table %s alter column %I set not null', name, attname)
  from tenant_column where not attnotnull
union all
select "schema", "table", 'computed', attname, null
  from tenant_column where computed
union all
select "schema", "table", 'no-index', attname, format('create index on %s (%I)', name, attname)
  from tenant_column c
 where not exists (select from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid join pg_catalog.pg_am m on m.oid = ic.relam
                    where i.indrelid = c.oid and i.indkey[0] = c.attnum and i.indpred is null and i.indisvalid and i.indisready and m.amname = 'btree')
 order by 1, 2, 3
