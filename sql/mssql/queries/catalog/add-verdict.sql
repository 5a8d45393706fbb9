-- @shardId uniqueidentifier
-- @verifiedAt bigint
-- @verifiedBy nvarchar(4000)
-- @fingerprint nvarchar(4000)
-- @tried int
-- @problems nvarchar(max)
-- @signature varbinary(32)
INSERT INTO [tenantry].[policy_verdict] ([shard_id], [verified_at], [verified_by], [fingerprint], [tried], [problems], [signature])
VALUES (@shardId, @verifiedAt, @verifiedBy, @fingerprint, @tried, @problems, @signature);
