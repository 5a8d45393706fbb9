-- One row; without an identity where the database is not yet, or no more, a shard of a map.
select v.version as "schemaVersion", i.shard_id as "shardId", i.map, i.key_type as "keyType"
from tenantry.schema_version v
left join tenantry.shard_identity i on i.shard_id is not null;
