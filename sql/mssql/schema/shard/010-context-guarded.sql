-- The tenant of the session, under a key that cannot be changed again before the connection is reset (15664): neither by app nor
-- by `enter` itself, so that a connection that was not reset serves nobody a second time. The value has the type of the tenant
-- columns.
CREATE PROCEDURE [tenantry].[set_context] @tenant sql_variant, @values nvarchar(4000) = NULL
AS
SET NOCOUNT, XACT_ABORT ON;
-- Set where there are none, too: what is not set a statement could set itself.
SET @values = COALESCE(@values, N'{}');
-- Its page names no return codes: an error of it is caught here, whether it would have ended the batch or not, and the value looked at.
BEGIN TRY
  EXEC sys.sp_set_session_context @key = N'tenantry.tenant', @value = @tenant, @read_only = 1;
  EXEC sys.sp_set_session_context @key = N'tenantry.values', @value = @values, @read_only = 1;
END TRY
BEGIN CATCH
  THROW;
END CATCH;
IF @tenant IS NULL OR SESSION_CONTEXT(N'tenantry.tenant') IS NULL
  OR CAST(SESSION_CONTEXT(N'tenantry.tenant') AS varbinary(256)) <> CAST(@tenant AS varbinary(256))
  OR SESSION_CONTEXT(N'tenantry.values') IS NULL
  OR CAST(SESSION_CONTEXT(N'tenantry.values') AS varbinary(8000)) <> CAST(@values AS varbinary(8000))
  THROW 51010, N'CONTEXT_NOT_SET', 1;
GO

-- How the tenant is kept; every connection asks.
CREATE FUNCTION [tenantry].[context_protection]() RETURNS nvarchar(10)
AS
BEGIN
  RETURN N'guarded';
END;
GO
GRANT EXECUTE ON [tenantry].[context_protection] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
