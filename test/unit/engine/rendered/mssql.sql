-- dbo.Blogs: default
DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', N'[dbo].[Blogs]', N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(N'[dbo].[Blogs]')
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'TenantId', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE [dbo].[Blogs] ADD CONSTRAINT [tenantry_default_Blogs] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))) FOR [TenantId];
GO

-- dbo.Blogs: security policy
IF OBJECT_ID(N'[tenantry].[policy_dbo]') IS NULL
  CREATE SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs] WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON);
GO

-- dbo.Blogs: filter predicate
IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Blogs]') AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ALTER FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs];
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs];
GO

-- dbo.Blogs: block predicate
DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), N'[dbo].[Blogs]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Blogs]') AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @drop);
  EXEC sys.sp_executesql @drop;
END;
ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs];
GO

-- dbo.Blogs: change tracking
ALTER TABLE [dbo].[Blogs] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)
GO

-- dbo.Blogs: rights of tenantry_app on its schema
REVOKE ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON SCHEMA::[dbo] FROM [tenantry_app] CASCADE
GO

-- dbo.Blogs: rights of tenantry_superuser on its schema
REVOKE ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON SCHEMA::[dbo] FROM [tenantry_superuser] CASCADE
GO

-- dbo.Blogs: rights of tenantry_mover on its schema
REVOKE ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON SCHEMA::[dbo] FROM [tenantry_mover] CASCADE
GO

-- dbo.Blogs: rights of tenantry_app
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Blogs] FROM [tenantry_app] CASCADE AS [tenantry_admin]
GO

-- dbo.Blogs: rights of tenantry_app
GRANT DELETE, INSERT, SELECT, UPDATE ON [dbo].[Blogs] TO [tenantry_app] AS [tenantry_admin]
GO

-- dbo.Blogs: rights of tenantry_superuser
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Blogs] FROM [tenantry_superuser] CASCADE AS [tenantry_admin]
GO

-- dbo.Blogs: rights of tenantry_superuser
GRANT SELECT ON [dbo].[Blogs] TO [tenantry_superuser] AS [tenantry_admin]
GO

-- dbo.Blogs: rights of tenantry_mover
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Blogs] FROM [tenantry_mover] CASCADE AS [tenantry_admin]
GO

-- dbo.Blogs: rights of tenantry_mover
GRANT DELETE, INSERT, SELECT, UPDATE, VIEW CHANGE TRACKING ON [dbo].[Blogs] TO [tenantry_mover] AS [tenantry_admin]
GO

-- dbo.Blogs: rights of public
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Blogs] FROM [public] CASCADE AS [tenantry_admin]
GO

-- dbo.Countries: rights of tenantry_app on its schema
REVOKE ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON SCHEMA::[dbo] FROM [tenantry_app] CASCADE
GO

-- dbo.Countries: rights of tenantry_superuser on its schema
REVOKE ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON SCHEMA::[dbo] FROM [tenantry_superuser] CASCADE
GO

-- dbo.Countries: rights of tenantry_mover on its schema
REVOKE ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON SCHEMA::[dbo] FROM [tenantry_mover] CASCADE
GO

-- dbo.Countries: rights of tenantry_app
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Countries] FROM [tenantry_app] CASCADE AS [tenantry_admin]
GO

-- dbo.Countries: rights of tenantry_app
GRANT SELECT ON [dbo].[Countries] TO [tenantry_app] AS [tenantry_admin]
GO

-- dbo.Countries: rights of tenantry_superuser
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Countries] FROM [tenantry_superuser] CASCADE AS [tenantry_admin]
GO

-- dbo.Countries: rights of tenantry_superuser
GRANT SELECT ON [dbo].[Countries] TO [tenantry_superuser] AS [tenantry_admin]
GO

-- dbo.Countries: rights of tenantry_mover
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Countries] FROM [tenantry_mover] CASCADE AS [tenantry_admin]
GO

-- dbo.Countries: rights of tenantry_mover
GRANT SELECT ON [dbo].[Countries] TO [tenantry_mover] AS [tenantry_admin]
GO

-- dbo.Countries: rights of public
REVOKE ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION ON [dbo].[Countries] FROM [public] CASCADE AS [tenantry_admin]
GO

-- dbo.Members: default
DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', N'[dbo].[Members]', N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(N'[dbo].[Members]')
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'TenantId', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE [dbo].[Members] ADD CONSTRAINT [tenantry_default_Members] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))) FOR [TenantId];
GO

-- dbo.Members: security policy
IF OBJECT_ID(N'[tenantry].[policy_dbo]') IS NULL
  CREATE SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Members] WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON);
GO

-- dbo.Members: filter predicate
IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Members]') AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ALTER FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Members];
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Members];
GO

-- dbo.Members: block predicate
DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), N'[dbo].[Members]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Members]') AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @drop);
  EXEC sys.sp_executesql @drop;
END;
ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Members];
GO

-- dbo.Members: change tracking
ALTER TABLE [dbo].[Members] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)
GO

-- dbo.Permissions: default
DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', N'[dbo].[Permissions]', N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(N'[dbo].[Permissions]')
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'TenantId', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE [dbo].[Permissions] ADD CONSTRAINT [tenantry_default_Permissions] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))) FOR [TenantId];
GO

-- dbo.Permissions: security policy
IF OBJECT_ID(N'[tenantry].[policy_dbo]') IS NULL
  CREATE SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Permissions] WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON);
GO

-- dbo.Permissions: function rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Permissions]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Permissions]') AND CHARINDEX(N'[tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00](@TenantId [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId]
-- tenant [TenantId] of [dbo].[Permissions]
-- granting 4ede3e1190cd0265c5e1cef7ecf27c2d
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''o''''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''o''''admin'')));';
GO

-- dbo.Permissions: filter predicate
IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Permissions]') AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ALTER FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Permissions];
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Permissions];
GO

-- dbo.Permissions: block predicate
DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), N'[dbo].[Permissions]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Permissions]') AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @drop);
  EXEC sys.sp_executesql @drop;
END;
ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD BLOCK PREDICATE [tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00]([TenantId]) ON [dbo].[Permissions] AFTER INSERT, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00]([TenantId]) ON [dbo].[Permissions] AFTER UPDATE, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00]([TenantId]) ON [dbo].[Permissions] BEFORE UPDATE, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Permissions_6a8f9a197719c3a8769d90cd2ea96a00]([TenantId]) ON [dbo].[Permissions] BEFORE DELETE;
GO

-- dbo.Permissions: model
DELETE FROM [tenantry].[policy_model] WHERE [schema_name] = N'dbo' AND [table_name] = N'Permissions';
INSERT INTO [tenantry].[policy_model] ([schema_name], [table_name], [model]) VALUES (N'dbo', N'Permissions', N'{"context":{"roles":{"type":"strings"}},"tables":{"Permissions":{"tenant":"TenantId"}},"policies":{"granting":{"on":"Permissions","write":{"role":"o''admin","in":"roles"}}}}');
GO

-- dbo.Permissions: change tracking
ALTER TABLE [dbo].[Permissions] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)
GO

-- dbo.Projects: default
DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', N'[dbo].[Projects]', N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(N'[dbo].[Projects]')
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'TenantId', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE [dbo].[Projects] ADD CONSTRAINT [tenantry_default_Projects] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))) FOR [TenantId];
GO

-- dbo.Projects: security policy
IF OBJECT_ID(N'[tenantry].[policy_dbo]') IS NULL
  CREATE SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Projects] WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON);
GO

-- dbo.Projects: function rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Projects]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Projects]') AND CHARINDEX(N'[tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3](@TenantId [int], @OrganizationId [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[OrganizationId]
-- tenant [TenantId] of [dbo].[Projects]
-- joined da455dd625253252b97ac62f711eb6a4
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = @OrganizationId AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)));';
GO

-- dbo.Projects: filter predicate
IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Projects]') AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ALTER FILTER PREDICATE [tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3]([TenantId],[OrganizationId]) ON [dbo].[Projects];
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3]([TenantId],[OrganizationId]) ON [dbo].[Projects];
GO

-- dbo.Projects: block predicate
DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), N'[dbo].[Projects]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Projects]') AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @drop);
  EXEC sys.sp_executesql @drop;
END;
ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD BLOCK PREDICATE [tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3]([TenantId],[OrganizationId]) ON [dbo].[Projects] AFTER INSERT, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Projects_ce5c936e259fa8de3ad106faa9ca6af3]([TenantId],[OrganizationId]) ON [dbo].[Projects] AFTER UPDATE, ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Projects] BEFORE UPDATE, ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Projects] BEFORE DELETE;
GO

-- dbo.Projects: model
DELETE FROM [tenantry].[policy_model] WHERE [schema_name] = N'dbo' AND [table_name] = N'Projects';
INSERT INTO [tenantry].[policy_model] ([schema_name], [table_name], [model]) VALUES (N'dbo', N'Projects', N'{"context":{"objectId":{"type":"uuid"}},"tables":{"Members":{"tenant":"TenantId"},"Projects":{"tenant":"TenantId"}},"policies":{"joined":{"on":"Projects","rows":{"lookup":"Members","key":"ObjectId","is":"objectId","gives":"OrganizationId","of":"OrganizationId","few":false}}}}');
GO

-- dbo.Projects: change tracking
ALTER TABLE [dbo].[Projects] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)
GO

-- dbo.Samples: default
DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', N'[dbo].[Samples]', N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(N'[dbo].[Samples]')
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'TenantId', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE [dbo].[Samples] ADD CONSTRAINT [tenantry_default_Samples] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))) FOR [TenantId];
GO

-- dbo.Samples: security policy
IF OBJECT_ID(N'[tenantry].[policy_dbo]') IS NULL
  CREATE SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples] WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON);
GO

-- dbo.Samples: function rows_dbo.Samples_7fe8f970f213d771bdcaa4497ec4097b
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Samples]') AND CHARINDEX(N'[tenantry].[rows_dbo.Samples_7fe8f970f213d771bdcaa4497ec4097b]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_dbo.Samples_7fe8f970f213d771bdcaa4497ec4097b];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_dbo.Samples_7fe8f970f213d771bdcaa4497ec4097b](@TenantId [int], @Owner [nvarchar](40), @ProjectId [int], @Id [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[Owner],[ProjectId],[Id]
-- tenant [TenantId] of [dbo].[Samples]
-- mine 3a9cfbbf1c35d793ec522b0ab8fe1862
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR ((EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin'')) OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE @Owner COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH(@Owner) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @ProjectId AND EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent1].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)))) OR EXISTS (SELECT 1 FROM [dbo].[Permissions] AS [member] CROSS JOIN [tenantry].[context_value](N''userId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[SampleId] = @Id AND [member].[UserId] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([member].[UserId]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))) AND [member].[HasAccess] = 1)));';
GO

-- dbo.Samples: function rows_dbo.Samples_f3bf5e2438b3909b6c015c4c2bb31708
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Samples]') AND CHARINDEX(N'[tenantry].[rows_dbo.Samples_f3bf5e2438b3909b6c015c4c2bb31708]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_dbo.Samples_f3bf5e2438b3909b6c015c4c2bb31708];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_dbo.Samples_f3bf5e2438b3909b6c015c4c2bb31708](@TenantId [int], @Title [nvarchar](40), @Owner [nvarchar](40)) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[Title],[Owner]
-- tenant [TenantId] of [dbo].[Samples]
-- loud a1795ef9f7a01f75673b31d23d5eca27
-- mine ec04eece63b9c509d516f2a0a96b8023
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (EXISTS (SELECT 1 FROM (SELECT @Title AS [Title]) AS [row] WHERE (
UPPER([Title]) = [Title] -- loud
))
    AND EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE @Owner COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH(@Owner) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))));';
GO

-- dbo.Samples: function rows_dbo.Samples_0eadcb6838a1819ae4d3800fefe18053
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Samples]') AND CHARINDEX(N'[tenantry].[rows_dbo.Samples_0eadcb6838a1819ae4d3800fefe18053]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_dbo.Samples_0eadcb6838a1819ae4d3800fefe18053];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_dbo.Samples_0eadcb6838a1819ae4d3800fefe18053](@TenantId [int], @Owner [nvarchar](40), @ProjectId [int], @Id [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[Owner],[ProjectId],[Id]
-- tenant [TenantId] of [dbo].[Samples]
-- mine bced9586ee6ee4282ae3dc8eed6aaac4
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (((EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin'')) OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE @Owner COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH(@Owner) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @ProjectId AND EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent1].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)))) OR EXISTS (SELECT 1 FROM [dbo].[Permissions] AS [member] CROSS JOIN [tenantry].[context_value](N''userId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[SampleId] = @Id AND [member].[UserId] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([member].[UserId]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))) AND [member].[HasAccess] = 1)) AND EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE @Owner COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH(@Owner) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))))));';
GO

-- dbo.Samples: function rows_dbo.Samples_695533fbb5f1d575a48010c09f6dd736
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Samples]') AND CHARINDEX(N'[tenantry].[rows_dbo.Samples_695533fbb5f1d575a48010c09f6dd736]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_dbo.Samples_695533fbb5f1d575a48010c09f6dd736];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_dbo.Samples_695533fbb5f1d575a48010c09f6dd736](@TenantId [int], @Owner [nvarchar](40), @ProjectId [int], @Id [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[Owner],[ProjectId],[Id]
-- tenant [TenantId] of [dbo].[Samples]
-- mine 2f7db3fc9be511a2b6be223ab745cbe0
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (((EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin'')) OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE @Owner COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH(@Owner) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @ProjectId AND EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent1].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)))) OR EXISTS (SELECT 1 FROM [dbo].[Permissions] AS [member] CROSS JOIN [tenantry].[context_value](N''userId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[SampleId] = @Id AND [member].[UserId] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([member].[UserId]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))) AND [member].[HasAccess] = 1)) AND EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin''))));';
GO

-- dbo.Samples: filter predicate
IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Samples]') AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ALTER FILTER PREDICATE [tenantry].[rows_dbo.Samples_7fe8f970f213d771bdcaa4497ec4097b]([TenantId],[Owner],[ProjectId],[Id]) ON [dbo].[Samples];
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE [tenantry].[rows_dbo.Samples_7fe8f970f213d771bdcaa4497ec4097b]([TenantId],[Owner],[ProjectId],[Id]) ON [dbo].[Samples];
GO

-- dbo.Samples: block predicate
DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), N'[dbo].[Samples]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_dbo]') AND p.[target_object_id] = OBJECT_ID(N'[dbo].[Samples]') AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_dbo] ', @drop);
  EXEC sys.sp_executesql @drop;
END;
ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD BLOCK PREDICATE [tenantry].[rows_dbo.Samples_f3bf5e2438b3909b6c015c4c2bb31708]([TenantId],[Title],[Owner]) ON [dbo].[Samples] AFTER INSERT, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Samples_0eadcb6838a1819ae4d3800fefe18053]([TenantId],[Owner],[ProjectId],[Id]) ON [dbo].[Samples] AFTER UPDATE, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Samples_0eadcb6838a1819ae4d3800fefe18053]([TenantId],[Owner],[ProjectId],[Id]) ON [dbo].[Samples] BEFORE UPDATE, ADD BLOCK PREDICATE [tenantry].[rows_dbo.Samples_695533fbb5f1d575a48010c09f6dd736]([TenantId],[Owner],[ProjectId],[Id]) ON [dbo].[Samples] BEFORE DELETE;
GO

-- dbo.Samples: model
DELETE FROM [tenantry].[policy_model] WHERE [schema_name] = N'dbo' AND [table_name] = N'Samples';
INSERT INTO [tenantry].[policy_model] ([schema_name], [table_name], [model]) VALUES (N'dbo', N'Samples', N'{"context":{"roles":{"type":"strings"},"userId":{"type":"string"}},"tables":{"Permissions":{"tenant":"TenantId"},"Projects":{"tenant":"TenantId"},"Samples":{"tenant":"TenantId","parent":{"table":"Projects","columns":{"ProjectId":"Id"}}}},"policies":{"loud":{"on":"Samples","insert":{"raw":{"postgres":{"sql":"\"Samples\".\"Title\" = upper(\"Samples\".\"Title\") -- loud"},"mssql":{"sql":"UPPER([Title]) = [Title] -- loud"}},"columns":["Title"]}},"mine":{"on":"Samples","read":{"any":[{"role":"admin","in":"roles"},{"all":[{"owner":"Owner","is":"userId"},{"parent":"visible"}]},{"permission":"Permissions","user":"UserId","is":"userId","resource":"SampleId","of":"Id","access":"HasAccess","few":true}]},"write":{"owner":"Owner","is":"userId"},"delete":{"role":"admin","in":"roles"}}}}');
GO

-- dbo.Samples: change tracking
ALTER TABLE [dbo].[Samples] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)
GO

-- lab.Notes: default
DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', N'[lab].[Notes]', N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(N'[lab].[Notes]')
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'TenantId', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE [lab].[Notes] ADD CONSTRAINT [tenantry_default_Notes] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))) FOR [TenantId];
GO

-- lab.Notes: security policy
IF OBJECT_ID(N'[tenantry].[policy_lab]') IS NULL
  CREATE SECURITY POLICY [tenantry].[policy_lab] ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [lab].[Notes] WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_lab] WITH (STATE = ON);
GO

-- lab.Notes: function rows_lab.Notes_33f2fac013787e05ca5c5671f167a396
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [lab].[Notes]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_lab]') AND p.[target_object_id] = OBJECT_ID(N'[lab].[Notes]') AND CHARINDEX(N'[tenantry].[rows_lab.Notes_33f2fac013787e05ca5c5671f167a396]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_lab] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_lab.Notes_33f2fac013787e05ca5c5671f167a396];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_lab.Notes_33f2fac013787e05ca5c5671f167a396](@TenantId [int], @SampleId [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[SampleId]
-- tenant [TenantId] of [lab].[Notes]
-- near b91b7bc933025fb2d54935f49379a3ce
-- seen 9e858090a19a97175b5ff88a5f83bdf2
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (EXISTS (SELECT 1 FROM [dbo].[Samples] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @SampleId AND ((EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin'')) OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE [parent1].[Owner] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([parent1].[Owner]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent2] WHERE [parent2].[TenantId] = @TenantId AND [parent2].[Id] = [parent1].[ProjectId] AND EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent2].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)))) OR EXISTS (SELECT 1 FROM [dbo].[Permissions] AS [member] CROSS JOIN [tenantry].[context_value](N''userId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[SampleId] = [parent1].[Id] AND [member].[UserId] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([member].[UserId]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))) AND [member].[HasAccess] = 1)) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent2] WHERE [parent2].[TenantId] = @TenantId AND [parent2].[Id] = [parent1].[ProjectId] AND (EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent2].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)) AND EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE [parent2].[Owner] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([parent2].[Owner]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))))))))
    AND EXISTS (SELECT 1 FROM [dbo].[Samples] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @SampleId AND (EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin'')) OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE [parent1].[Owner] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([parent1].[Owner]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent2] WHERE [parent2].[TenantId] = @TenantId AND [parent2].[Id] = [parent1].[ProjectId] AND EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent2].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)))) OR EXISTS (SELECT 1 FROM [dbo].[Permissions] AS [member] CROSS JOIN [tenantry].[context_value](N''userId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[SampleId] = [parent1].[Id] AND [member].[UserId] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([member].[UserId]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))) AND [member].[HasAccess] = 1))));';
GO

-- lab.Notes: function rows_lab.Notes_2a782db977ade72232e67c8efa4005b1
DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], N' PREDICATE [tenantry].[visible]([TenantId]) ON [lab].[Notes]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_lab]') AND p.[target_object_id] = OBJECT_ID(N'[lab].[Notes]') AND CHARINDEX(N'[tenantry].[rows_lab.Notes_2a782db977ade72232e67c8efa4005b1]', p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_lab] ', @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS [tenantry].[rows_lab.Notes_2a782db977ade72232e67c8efa4005b1];
EXEC sys.sp_executesql N'CREATE FUNCTION [tenantry].[rows_lab.Notes_2a782db977ade72232e67c8efa4005b1](@TenantId [int], @SampleId [int]) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[SampleId]
-- tenant [TenantId] of [lab].[Notes]
-- near b91b7bc933025fb2d54935f49379a3ce
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (EXISTS (SELECT 1 FROM [dbo].[Samples] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @SampleId AND ((EXISTS (SELECT 1 FROM [tenantry].[context_list](N''roles'') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N''admin'' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N''admin'')) OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE [parent1].[Owner] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([parent1].[Owner]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent2] WHERE [parent2].[TenantId] = @TenantId AND [parent2].[Id] = [parent1].[ProjectId] AND EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent2].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)))) OR EXISTS (SELECT 1 FROM [dbo].[Permissions] AS [member] CROSS JOIN [tenantry].[context_value](N''userId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[SampleId] = [parent1].[Id] AND [member].[UserId] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([member].[UserId]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))) AND [member].[HasAccess] = 1)) AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent2] WHERE [parent2].[TenantId] = @TenantId AND [parent2].[Id] = [parent1].[ProjectId] AND (EXISTS (SELECT 1 FROM [dbo].[Members] AS [member] CROSS JOIN [tenantry].[context_value](N''objectId'') AS [value] WHERE [member].[TenantId] = @TenantId AND [member].[OrganizationId] = [parent2].[OrganizationId] AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier)) AND EXISTS (SELECT 1 FROM [tenantry].[context_value](N''userId'') AS [value] WHERE [parent2].[Owner] COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH([parent2].[Owner]) = DATALENGTH(CAST([value].[value] AS nvarchar(4000)))))))));';
GO

-- lab.Notes: filter predicate
IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_lab]') AND p.[target_object_id] = OBJECT_ID(N'[lab].[Notes]') AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY [tenantry].[policy_lab] ALTER FILTER PREDICATE [tenantry].[rows_lab.Notes_33f2fac013787e05ca5c5671f167a396]([TenantId],[SampleId]) ON [lab].[Notes];
ELSE
  ALTER SECURITY POLICY [tenantry].[policy_lab] ADD FILTER PREDICATE [tenantry].[rows_lab.Notes_33f2fac013787e05ca5c5671f167a396]([TenantId],[SampleId]) ON [lab].[Notes];
GO

-- lab.Notes: block predicate
DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), N'[lab].[Notes]', N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE p.[object_id] = OBJECT_ID(N'[tenantry].[policy_lab]') AND p.[target_object_id] = OBJECT_ID(N'[lab].[Notes]') AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY [tenantry].[policy_lab] ', @drop);
  EXEC sys.sp_executesql @drop;
END;
ALTER SECURITY POLICY [tenantry].[policy_lab] ADD BLOCK PREDICATE [tenantry].[rows_lab.Notes_2a782db977ade72232e67c8efa4005b1]([TenantId],[SampleId]) ON [lab].[Notes] AFTER INSERT, ADD BLOCK PREDICATE [tenantry].[rows_lab.Notes_33f2fac013787e05ca5c5671f167a396]([TenantId],[SampleId]) ON [lab].[Notes] AFTER UPDATE, ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [lab].[Notes] BEFORE UPDATE, ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [lab].[Notes] BEFORE DELETE;
GO

-- lab.Notes: model
DELETE FROM [tenantry].[policy_model] WHERE [schema_name] = N'lab' AND [table_name] = N'Notes';
INSERT INTO [tenantry].[policy_model] ([schema_name], [table_name], [model]) VALUES (N'lab', N'Notes', N'{"context":{"userId":{"type":"string"}},"tables":{"Projects":{"tenant":"TenantId"},"Samples":{"tenant":"TenantId","parent":{"table":"Projects","columns":{"ProjectId":"Id"}}},"lab.Notes":{"tenant":"TenantId","parent":{"table":"Samples","columns":{"SampleId":"Id"}}}},"policies":{"near":{"on":"lab.Notes","rows":{"parent":{"parent":{"owner":"Owner","is":"userId"}},"few":true}},"seen":{"on":"lab.Notes","read":{"parent":"visible"}}}}');
GO

-- lab.Notes: change tracking
ALTER TABLE [lab].[Notes] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)
GO
