-- @operationId uniqueidentifier
-- @fromState nvarchar(4000)
-- @generation bigint
-- @toState nvarchar(4000)
-- @failure nvarchar(4000)
UPDATE [tenantry].[operation]
SET [state] = @toState, [failure] = COALESCE(@failure, [failure]), [changed_at] = SYSUTCDATETIME()
WHERE [operation_id] = @operationId AND [state] = @fromState AND [generation] = @generation;
