-- Who this database says it is: no row where it has not been added to a map. A server in recovery has no incarnation.
select i.shard_id as "shardId", v.version as "schemaVersion",
  case when not pg_is_in_recovery() then
    concat_ws('/', s.system_identifier, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer, d.oid)
  end as "incarnation",
  case
    when to_regprocedure('tenantry.context()') is null then null
    when pg_get_functiondef(to_regprocedure('tenantry.context()')) like '%backtrace\_functions%' then 'guarded'
    when pg_get_functiondef(to_regprocedure('tenantry.context()')) like '%SECURITY DEFINER%context\_code(%' then 'mac'
    else 'plain'
  end as "contextProtection"
from tenantry.schema_version v
cross join pg_control_system() s
join pg_database d on d.datname = current_database()
left join tenantry.shard_identity i on true;
