-- The server's clock, in milliseconds since 1970, and how the shard keeps a transaction's tenant (null: no shard's schema).
select (extract(epoch from clock_timestamp()) * 1000)::bigint as "timeMs",
  case when to_regprocedure('tenantry.context()') is null then null
    when pg_get_functiondef(to_regprocedure('tenantry.context()')) like '%backtrace\_functions%' then 'guarded' else 'plain' end as "contextProtection";
