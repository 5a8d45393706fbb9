-- @shardId uuid
-- @operationId uuid
delete from tenantry.shard
where shard_id = @shardId and operation_id = @operationId;
