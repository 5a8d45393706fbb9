-- The tenant that a key stands for, null where it is none: UTF-8. The server would read the bytes in the code page of the database,
-- so they are turned into UTF-16 here, eight at a time where they are ASCII (the same in every code page). No trailing space, which
-- this server would not tell from its absence, and no NUL.
CREATE FUNCTION [tenantry].[tenant_of](@key varbinary(128)) RETURNS nvarchar(128)
WITH SCHEMABINDING
AS
BEGIN
  DECLARE @text nvarchar(128) = N'', @at int = 1, @end int = DATALENGTH(@key), @chunk varbinary(8), @first int, @point int;
  IF @end = 0 OR @key IS NULL RETURN NULL;
  WHILE @at <= @end
  BEGIN
    SET @chunk = SUBSTRING(@key, @at, 8);
    IF CAST(@chunk AS bigint) & CAST(0x8080808080808080 AS bigint) = 0
    BEGIN
      SET @text += CAST(CAST(@chunk AS varchar(8)) AS nvarchar(8));
      SET @at += 8;
      CONTINUE;
    END;
    SET @first = CAST(SUBSTRING(@chunk, 1, 1) AS int);
    SET @point = CASE
      WHEN @first < 0x80 THEN @first
      WHEN @first < 0xE0 THEN (@first & 0x1F) * 64 + (CAST(SUBSTRING(@chunk, 2, 1) AS int) & 0x3F)
      WHEN @first < 0xF0 THEN (@first & 0x0F) * 4096 + (CAST(SUBSTRING(@chunk, 2, 1) AS int) & 0x3F) * 64
        + (CAST(SUBSTRING(@chunk, 3, 1) AS int) & 0x3F)
      ELSE (@first & 0x07) * 262144 + (CAST(SUBSTRING(@chunk, 2, 1) AS int) & 0x3F) * 4096
        + (CAST(SUBSTRING(@chunk, 3, 1) AS int) & 0x3F) * 64 + (CAST(SUBSTRING(@chunk, 4, 1) AS int) & 0x3F)
    END;
    -- Two bytes for each unit of UTF-16, the lower one first: a cast from bytes takes them as they are, whatever the collation. Each
    -- branch is cast by itself: bytes of two lengths would meet in the longer one, which fills the shorter up with zeros.
    SET @text += CASE
      WHEN @point < 65536 THEN CAST(CAST(@point % 256 AS binary(1)) + CAST(@point / 256 AS binary(1)) AS nvarchar(2))
      ELSE CAST(CAST(((@point - 65536) / 1024) % 256 AS binary(1)) + CAST(216 + (@point - 65536) / 262144 AS binary(1))
        + CAST((@point - 65536) % 256 AS binary(1)) + CAST(220 + ((@point - 65536) % 1024) / 256 AS binary(1)) AS nvarchar(2))
    END;
    SET @at += CASE WHEN @first < 0x80 THEN 1 WHEN @first < 0xE0 THEN 2 WHEN @first < 0xF0 THEN 3 ELSE 4 END;
  END;
  RETURN CASE WHEN SUBSTRING(@key, @end, 1) NOT IN (0x00, 0x20) THEN @text END;
END;
GO

-- The entered tenant, null where there is none: what the tenant column of a new row is.
CREATE FUNCTION [tenantry].[current_tenant]() RETURNS nvarchar(128)
WITH SCHEMABINDING
AS
BEGIN
  RETURN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS nvarchar(128));
END;
GO

-- The predicate of every routed table: app sees the tenant that entered, the other principals everything, anybody else nothing (both
-- ends are null). What superuser may not write it has no right to. A range rather than `tenant or principal`, which would read
-- all tenants' rows to answer one: a table takes a single filter predicate, and both ends are found before the first row.
-- By code point: without COLLATE it would be the database's idea of equal texts, such as a = A.
CREATE FUNCTION [tenantry].[visible](@tenant nvarchar(128)) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed]
WHERE @tenant COLLATE Latin1_General_100_BIN2 >= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS nvarchar(128))
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN CAST(N'' AS nvarchar(128))
  END
  AND @tenant COLLATE Latin1_General_100_BIN2 <= CASE
    WHEN IS_ROLEMEMBER(N'tenantry_app') = 1 THEN CAST(SESSION_CONTEXT(N'tenantry.tenant') AS nvarchar(128))
    WHEN IS_ROLEMEMBER(N'tenantry_superuser') = 1 OR IS_ROLEMEMBER(N'tenantry_mover') = 1 OR IS_ROLEMEMBER(N'tenantry_admin') = 1
      THEN REPLICATE(CAST(NCHAR(65535) AS nvarchar(128)), 128)
  END;
GO
GRANT EXECUTE ON [tenantry].[current_tenant] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
