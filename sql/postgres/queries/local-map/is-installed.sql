select to_regclass('tenantry.shard_identity') is not null as "installed";
