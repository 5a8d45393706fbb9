-- No row where another one was recorded since, or answers now.
-- @from nvarchar(4000)
-- @to nvarchar(4000)
UPDATE [tenantry].[catalog_server]
SET [incarnation] = @to, [recorded_at] = SYSUTCDATETIME()
WHERE [incarnation] = @from AND [tenantry].[server_incarnation]() = @to;
