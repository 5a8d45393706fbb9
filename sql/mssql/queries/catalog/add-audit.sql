-- @runId uniqueidentifier
-- @actor nvarchar(4000)
-- @action nvarchar(4000)
-- @subject nvarchar(4000)
-- @outcome nvarchar(4000)
-- @detail nvarchar(max)
INSERT INTO [tenantry].[audit] ([run_id], [actor], [action], [subject], [outcome], [detail])
VALUES (@runId, @actor, @action, @subject, @outcome, @detail);
