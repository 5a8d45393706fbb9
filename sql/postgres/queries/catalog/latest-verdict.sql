-- The latest verdict on a shard.
-- @shardId uuid
select v.verdict_id as "verdictId", v.verified_at as "verifiedAt", v.verified_by as "verifiedBy", v.fingerprint as "fingerprint", v.tried as "tried",
  v.problems as "problems", v.signature as "signature"
from tenantry.policy_verdict v
where v.shard_id = @shardId
order by v.verdict_id desc
limit 1;
