-- What commits an operation changes no row where the server is not the one that the catalog knows.
-- @operationId uniqueidentifier
-- @fromState nvarchar(4000)
-- @generation bigint
-- @toState nvarchar(4000)
-- @failure nvarchar(4000)
-- @commits bit
UPDATE [tenantry].[operation]
SET [state] = @toState, [failure] = COALESCE(@failure, [failure]), [changed_at] = SYSUTCDATETIME()
WHERE [operation_id] = @operationId AND [state] = @fromState AND [generation] = @generation
  AND (@commits = 0 OR [tenantry].[is_known_server]() = 1);
