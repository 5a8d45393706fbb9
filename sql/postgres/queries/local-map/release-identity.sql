-- @shardId uuid
delete from tenantry.shard_identity
where shard_id = @shardId;
