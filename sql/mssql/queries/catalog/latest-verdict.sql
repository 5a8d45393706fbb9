-- The latest verdict on a shard.
-- @shardId uniqueidentifier
-- json: problems
SELECT TOP (1) v.[verdict_id] AS [verdictId], v.[verified_at] AS [verifiedAt], v.[verified_by] AS [verifiedBy], v.[fingerprint] AS [fingerprint], v.[tried] AS [tried],
  v.[problems] AS [problems], v.[signature] AS [signature]
FROM [tenantry].[policy_verdict] AS v
WHERE v.[shard_id] = @shardId
ORDER BY v.[verdict_id] DESC;
