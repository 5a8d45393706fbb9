-- Held to the end of the step (UPDLOCK): whoever stamps a newer generation waits for the step, or the step finds it.
-- @operationId uniqueidentifier
SELECT f.[generation] AS [generation]
FROM [tenantry].[operation_fence] AS f WITH (UPDLOCK, ROWLOCK)
WHERE f.[operation_id] = @operationId;
