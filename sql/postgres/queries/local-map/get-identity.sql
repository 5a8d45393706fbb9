select i.shard_id as "shardId", i.map, i.key_type as "keyType"
from tenantry.shard_identity i;
