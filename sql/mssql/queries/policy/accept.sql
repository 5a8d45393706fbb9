-- Takes what was found for what is to be, and opens the gate. The gate's row is changed only where it is closed, or was to end at another
-- time: tenants hold it shared.
-- @format int
-- @number bigint
-- @fingerprint nvarchar(64)
-- @items nvarchar(max)
-- @tenantColumns nvarchar(max)
-- @validUntilMs bigint
-- @signature varbinary(32)
-- @acceptedBy nvarchar(200)
SET NOCOUNT, XACT_ABORT ON;
DECLARE @opened int, @validUntil datetime2(7) = DATEADD(millisecond, CAST(@validUntilMs % 86400000 AS int),
  DATEADD(day, CAST(@validUntilMs / 86400000 AS int), CAST(N'1970-01-01' AS datetime2(7))));
BEGIN TRANSACTION;
DELETE FROM [tenantry].[accepted_item];
INSERT INTO [tenantry].[accepted_item] ([kind], [object], [digest])
SELECT i.[kind], i.[object], i.[digest]
FROM OPENJSON(@items) WITH ([kind] nvarchar(60), [object] nvarchar(600), [digest] nvarchar(64)) AS i;
DELETE FROM [tenantry].[tenant_column];
INSERT INTO [tenantry].[tenant_column] ([name]) SELECT c.[value] FROM OPENJSON(@tenantColumns) AS c;
DELETE FROM [tenantry].[accepted];
INSERT INTO [tenantry].[accepted] ([format], [number], [fingerprint], [valid_until], [signature], [accepted_by])
VALUES (@format, @number, @fingerprint, @validUntil, @signature, @acceptedBy);
UPDATE g SET [open] = 1, [accepted_until] = @validUntil, [changed_at] = SYSUTCDATETIME() FROM [tenantry].[gate] AS g WITH (ROWLOCK) WHERE g.[open] = 0;
SET @opened = @@ROWCOUNT;
UPDATE g SET [accepted_until] = @validUntil FROM [tenantry].[gate] AS g WITH (ROWLOCK) WHERE EXISTS (SELECT g.[accepted_until] EXCEPT SELECT @validUntil);
-- The changes of this transaction, and those that nobody judged. Those of other transactions under way are locked, and left to them.
UPDATE c
SET [verdict] = CASE WHEN c.[transaction_id] <> CURRENT_TRANSACTION_ID() THEN N'accepted' WHEN @opened = 0 THEN N'same' ELSE N'opened' END
FROM [tenantry].[change_log] AS c WITH (READCOMMITTEDLOCK, READPAST, ROWLOCK)
WHERE c.[verdict] IS NULL;
COMMIT TRANSACTION;
