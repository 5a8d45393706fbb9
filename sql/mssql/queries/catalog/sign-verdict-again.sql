-- Signs a verdict by another key, unless it was changed since it was read.
-- @verdictId bigint
-- @seen varbinary(32)
-- @signature varbinary(32)
UPDATE [tenantry].[policy_verdict] SET [signature] = @signature
WHERE [verdict_id] = @verdictId AND [signature] = @seen;
