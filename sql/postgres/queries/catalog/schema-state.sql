-- What a database holds that is asked to become the catalog. Any login may look.
select to_regclass('tenantry.schema_version') is not null as "hasSchema",
  to_regclass('tenantry.shard_map') is not null as "isCatalog",
  to_regclass('tenantry.shard_identity') is not null as "isShard";
