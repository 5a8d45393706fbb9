-- @runId uuid
-- @actor text
-- @action text
-- @subject text
-- @outcome text
-- @detail jsonb
insert into tenantry.audit (run_id, actor, action, subject, outcome, detail) values (@runId, @actor, @action, @subject, @outcome, @detail);
