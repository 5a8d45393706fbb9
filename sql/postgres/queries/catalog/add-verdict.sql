-- @shardId uuid
-- @verifiedAt bigint
-- @verifiedBy text
-- @fingerprint text
-- @tried integer
-- @problems jsonb
-- @signature bytea
insert into tenantry.policy_verdict (shard_id, verified_at, verified_by, fingerprint, tried, problems, signature)
values (@shardId, @verifiedAt, @verifiedBy, @fingerprint, @tried, @problems, @signature);
