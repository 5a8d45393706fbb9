-- The tenant that a key stands for, null where it is no key of this type: four bytes, big-endian with the sign bit flipped.
CREATE FUNCTION [tenantry].[tenant_of](@key varbinary(128)) RETURNS int
WITH SCHEMABINDING
AS
BEGIN
  RETURN CASE WHEN DATALENGTH(@key) = 4 THEN CAST(@key AS int) ^ CAST(0x80000000 AS int) END;
END;
GO

-- The entered tenant, null where there is none: what the tenant column of a new row is.
CREATE FUNCTION [tenantry].[current_tenant]() RETURNS int
WITH SCHEMABINDING
AS
BEGIN
  RETURN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int);
END;
GO

-- The predicate of every routed table: app sees the tenant that entered, the other principals everything, anybody else nothing (both
-- ends are null). What superuser may not write it has no right to. A range rather than `tenant or principal`, which would read
-- all tenants' rows to answer one: a table takes a single filter predicate, and both ends are found before the first row.
CREATE FUNCTION [tenantry].[visible](@tenant int) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed]
WHERE @tenant >= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(-2147483648 AS int)
  END
  AND @tenant <= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(2147483647 AS int)
  END;
GO
GRANT EXECUTE ON [tenantry].[current_tenant] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
