-- @shardId uuid
-- @operationId uuid
update tenantry.shard
set operation_id = @operationId
where shard_id = @shardId
  and state = 'ONLINE'
  and operation_id is null
  and not exists (select from tenantry.mapping m where m.shard_id = @shardId);
