-- @operationId uniqueidentifier
DELETE FROM [tenantry].[operation_fence]
WHERE [operation_id] = @operationId;
