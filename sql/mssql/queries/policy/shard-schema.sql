-- What the database says of itself before a schema is installed or relied on, to the admin login, which sees all definitions.
SELECT CAST(CASE WHEN COALESCE(IS_ROLEMEMBER(N'tenantry_admin'), 0) = 1 AND EXISTS (
    SELECT 1
    FROM sys.schemas AS s
    WHERE s.[name] = N'tenantry' AND s.[principal_id] = DATABASE_PRINCIPAL_ID(N'tenantry_admin')
  ) THEN 1 ELSE 0 END AS bit) AS [prepared],
  CAST(CASE WHEN OBJECT_ID(N'tenantry.schema_version', N'U') IS NULL THEN 0 ELSE 1 END AS bit) AS [installed],
  (
    SELECT CASE TYPE_NAME(p.[system_type_id])
      WHEN N'int' THEN N'int' WHEN N'bigint' THEN N'bigint' WHEN N'uniqueidentifier' THEN N'uuid'
      WHEN N'nvarchar' THEN N'string' WHEN N'varbinary' THEN N'bytes' END
    FROM sys.parameters AS p
    WHERE p.[object_id] = OBJECT_ID(N'tenantry.current_tenant') AND p.[parameter_id] = 0
  ) AS [keyType],
  (
    SELECT CASE WHEN m.[definition] LIKE N'%N''guarded''%' THEN N'guarded' ELSE N'plain' END
    FROM sys.sql_modules AS m
    WHERE m.[object_id] = OBJECT_ID(N'tenantry.context_protection')
  ) AS [contextProtection];
