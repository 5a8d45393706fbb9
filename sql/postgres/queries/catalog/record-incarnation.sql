-- @shardId uuid
-- @from text
-- @to text
update tenantry.shard
set incarnation = @to
where shard_id = @shardId and incarnation = @from and state = 'ONLINE' and operation_id is null;
