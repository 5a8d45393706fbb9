-- No row where a newer generation is stamped already. One transaction: the key, or the gap where it will be, stays locked from the
-- look (UPDLOCK: for one at a time; HOLDLOCK: to the end) to the change.
-- @operationId uniqueidentifier
-- @generation bigint
SET NOCOUNT, XACT_ABORT ON;
DECLARE @stamped TABLE ([generation] bigint NOT NULL);
BEGIN TRANSACTION;
UPDATE f
SET [generation] = @generation
OUTPUT inserted.[generation] INTO @stamped ([generation])
FROM [tenantry].[operation_fence] AS f WITH (UPDLOCK, HOLDLOCK)
WHERE f.[operation_id] = @operationId AND f.[generation] <= @generation;
INSERT INTO [tenantry].[operation_fence] ([operation_id], [generation])
OUTPUT inserted.[generation] INTO @stamped ([generation])
SELECT @operationId, @generation
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[operation_fence] AS f WITH (UPDLOCK, HOLDLOCK) WHERE f.[operation_id] = @operationId);
COMMIT TRANSACTION;
SELECT s.[generation] AS [generation]
FROM @stamped AS s;
