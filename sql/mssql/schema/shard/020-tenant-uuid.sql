-- The tenant that a key stands for, null where it is no key of this type: sixteen bytes in the order by which this server compares
-- them (docs/key-encoding.md), here put back into the order in which it stores them.
CREATE FUNCTION [tenantry].[tenant_of](@key varbinary(128)) RETURNS uniqueidentifier
WITH SCHEMABINDING
AS
BEGIN
  RETURN CASE WHEN DATALENGTH(@key) = 16 THEN CAST(
    SUBSTRING(@key, 13, 4) + SUBSTRING(@key, 11, 2) + SUBSTRING(@key, 9, 2) + SUBSTRING(@key, 7, 2) + SUBSTRING(@key, 1, 6)
    AS uniqueidentifier) END;
END;
GO

-- The entered tenant, null where there is none: what the tenant column of a new row is.
CREATE FUNCTION [tenantry].[current_tenant]() RETURNS uniqueidentifier
WITH SCHEMABINDING
AS
BEGIN
  RETURN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS uniqueidentifier);
END;
GO

-- The predicate of every routed table: app sees the tenant that entered, the other principals everything, anybody else nothing (both
-- ends are null). What superuser may not write it has no right to. A range rather than `tenant or principal`, which would read
-- all tenants' rows to answer one: a table takes a single filter predicate, and both ends are found before the first row.
CREATE FUNCTION [tenantry].[visible](@tenant uniqueidentifier) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed]
WHERE @tenant >= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS uniqueidentifier)
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(0x00000000000000000000000000000000 AS uniqueidentifier)
  END
  AND @tenant <= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS uniqueidentifier)
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF AS uniqueidentifier)
  END;
GO
GRANT EXECUTE ON [tenantry].[current_tenant] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
