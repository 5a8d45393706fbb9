-- A row for whoever no policy beyond the tenant's binds: every principal but app.
CREATE FUNCTION [tenantry].[beyond_policies]() RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed] WHERE IS_ROLEMEMBER(N'tenantry_app') = 0;
