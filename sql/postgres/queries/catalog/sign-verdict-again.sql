-- Signs a verdict by another key, unless it was changed since it was read.
-- @verdictId bigint
-- @seen bytea
-- @signature bytea
update tenantry.policy_verdict set signature = @signature
where verdict_id = @verdictId and signature = @seen;
