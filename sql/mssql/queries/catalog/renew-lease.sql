-- @operationId uniqueidentifier
-- @generation bigint
-- @leaseMs int
UPDATE [tenantry].[operation]
SET [lease_until] = DATEADD(millisecond, @leaseMs, SYSUTCDATETIME())
WHERE [operation_id] = @operationId AND [generation] = @generation AND [state] NOT IN (N'DONE', N'UNDONE');
