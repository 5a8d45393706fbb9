-- Puts other signatures in the place of those that were seen; what is signed stays. No row where it is not so any more. The gate's row is
-- changed only where its own signature was seen: tenants hold it shared.
-- @seen varbinary(32)
-- @signature varbinary(32)
-- @overrideSeen varbinary(32)
-- @overrideSignature varbinary(32)
SET NOCOUNT, XACT_ABORT ON;
DECLARE @signed TABLE ([format] int NOT NULL);
BEGIN TRANSACTION;
UPDATE [tenantry].[accepted] SET [signature] = @signature OUTPUT inserted.[format] INTO @signed ([format]) WHERE [signature] = @seen;
IF @overrideSeen IS NOT NULL
  UPDATE [tenantry].[gate] SET [override_signature] = @overrideSignature WHERE [override_signature] = @overrideSeen AND EXISTS (SELECT 1 FROM @signed);
COMMIT TRANSACTION;
SELECT s.[format] AS [format] FROM @signed AS s;
