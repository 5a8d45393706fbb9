-- The tenant that a key stands for, null where it is no key of this type: as many bytes as there are. None ends in a zero byte,
-- which this server would not tell from its absence.
CREATE FUNCTION [tenantry].[tenant_of](@key varbinary(128)) RETURNS varbinary(128)
WITH SCHEMABINDING
AS
BEGIN
  RETURN CASE WHEN DATALENGTH(@key) > 0 AND SUBSTRING(@key, DATALENGTH(@key), 1) <> 0x00 THEN @key END;
END;
GO

-- The entered tenant, null where there is none: what the tenant column of a new row is.
CREATE FUNCTION [tenantry].[current_tenant]() RETURNS varbinary(128)
WITH SCHEMABINDING
AS
BEGIN
  RETURN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS varbinary(128));
END;
GO

-- The predicate of every routed table: app sees the tenant that entered, the other principals everything, anybody else nothing (both
-- ends are null). What superuser may not write it has no right to. A range rather than `tenant or principal`, which would read
-- all tenants' rows to answer one: a table takes a single filter predicate, and both ends are found before the first row.
CREATE FUNCTION [tenantry].[visible](@tenant varbinary(128)) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed]
WHERE @tenant >= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS varbinary(128))
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(0x AS varbinary(128))
  END
  AND @tenant <= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS varbinary(128))
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
        + 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
        + 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
        + 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
        AS varbinary(128))
  END;
GO
GRANT EXECUTE ON [tenantry].[current_tenant] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
