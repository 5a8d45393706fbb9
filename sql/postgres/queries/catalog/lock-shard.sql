-- Waits for whoever is adding a mapping to the shard, so that a count of its mappings afterwards is final.
-- @shardId uuid
select s.shard_id as "shardId"
from tenantry.shard s
where s.shard_id = @shardId
for update;
