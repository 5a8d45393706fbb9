-- Another text after each change of definitions and rights that another transaction has committed, where the shard's triggers note them.
select pg_catalog.concat_ws(' ', pg_catalog.count(*), pg_catalog.min(c.change_id), pg_catalog.max(c.change_id)) as "noted"
  from tenantry_watch.change_log c
 where c.transaction_id is distinct from pg_catalog.pg_current_xact_id_if_assigned()::text::bigint
