-- @operationId uniqueidentifier
UPDATE [tenantry].[mapping]
SET [operation_id] = NULL
WHERE [operation_id] = @operationId;
