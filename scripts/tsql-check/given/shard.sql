-- What a shard's files find there: the bootstrap makes roles and schema only where they are missing, which a model cannot follow.
-- The tables are those of the demonstration, with their security policy.
CREATE ROLE [tenantry_app];
GO
CREATE ROLE [tenantry_superuser];
GO
CREATE ROLE [tenantry_mover];
GO
CREATE ROLE [tenantry_admin];
GO
CREATE USER [tenantry_definer] WITHOUT LOGIN;
GO
CREATE SCHEMA [tenantry] AUTHORIZATION [tenantry_admin];
GO
