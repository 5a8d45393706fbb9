-- Group roles, in each database: policies and rights name these, users are members of them.
IF DATABASE_PRINCIPAL_ID(N'tenantry_app') IS NULL CREATE ROLE [tenantry_app];
IF DATABASE_PRINCIPAL_ID(N'tenantry_superuser') IS NULL CREATE ROLE [tenantry_superuser];
IF DATABASE_PRINCIPAL_ID(N'tenantry_mover') IS NULL CREATE ROLE [tenantry_mover];
IF DATABASE_PRINCIPAL_ID(N'tenantry_admin') IS NULL CREATE ROLE [tenantry_admin];

IF EXISTS (
  SELECT 1
  FROM sys.database_principals AS p
  WHERE p.[name] IN (N'tenantry_app', N'tenantry_superuser', N'tenantry_mover', N'tenantry_admin') AND p.[type] <> N'R'
)
  THROW 51016, N'The name of a role of Tenantry belongs to a user or an application role.', 1;

-- Nobody logs in as this user: the routines that see all definitions run as it, since the role that owns them cannot be run as.
IF DATABASE_PRINCIPAL_ID(N'tenantry_definer') IS NULL CREATE USER [tenantry_definer] WITHOUT LOGIN;
IF EXISTS (SELECT 1 FROM sys.database_principals AS p WHERE p.[name] = N'tenantry_definer' AND (p.[type] <> N'S' OR p.[authentication_type] <> 0))
  THROW 51016, N'The name of the user tenantry_definer belongs to a role, or to a user who can log in.', 1;
