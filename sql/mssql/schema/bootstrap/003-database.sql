-- Rights inside one shard database. What belongs to tenantry_admin is changed by its members alone, and app, superuser and mover
-- have no right but those named here and those of the policies.
IF SCHEMA_ID(N'tenantry') IS NULL EXEC (N'CREATE SCHEMA [tenantry] AUTHORIZATION [tenantry_admin];');
ALTER AUTHORIZATION ON SCHEMA::[tenantry] TO [tenantry_admin];
GO

-- admin makes tables, routines and policies, sees every definition, and finds who holds a lock.
GRANT CREATE TABLE, CREATE PROCEDURE, CREATE FUNCTION, CREATE VIEW, ALTER ANY SECURITY POLICY, VIEW DEFINITION, VIEW DATABASE STATE
  TO [tenantry_admin];
GO
GRANT ALTER, REFERENCES ON SCHEMA::[dbo] TO [tenantry_admin];
GO

-- Rights to a table that the role controls are given in the role's name (AS), for which its members need this: given in their own,
-- one admin could not take back what another gave. It lets an admin name further ones.
GRANT ALTER ON ROLE::[tenantry_admin] TO [tenantry_admin];
GO

-- Policies, the trigger and the gate ask IS_ROLEMEMBER, whose page wants this right to the role: without an answer nobody would see a
-- row, and the trigger would refuse nobody. admin has it by the database.
GRANT VIEW DEFINITION ON ROLE::[tenantry_app] TO [tenantry_app];
GO
GRANT VIEW DEFINITION ON ROLE::[tenantry_superuser] TO [tenantry_superuser];
GO
GRANT VIEW DEFINITION ON ROLE::[tenantry_mover] TO [tenantry_mover];
GO

-- Every new connection of app looks whether the security policy is as it must be; definitions hold no secret.
GRANT VIEW DEFINITION ON SCHEMA::[tenantry] TO [tenantry_app];
GO

-- Azure SQL Database ends sessions by a right of the database; elsewhere it is one of the server (ALTER ANY CONNECTION), of the login.
IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5 EXEC (N'GRANT KILL DATABASE CONNECTION TO [tenantry_admin];');
GO

-- The user of the routines that tell what protects the shard: what admin sees and may do, the tables that others make, and what names
-- what ("sys.sql_expression_dependencies"). Whoever makes such a routine has to be allowed to act as it.
ALTER ROLE [tenantry_admin] ADD MEMBER [tenantry_definer];
GO
GRANT REFERENCES TO [tenantry_definer];
GO
EXEC (N'GRANT SELECT ON OBJECT::sys.sql_expression_dependencies TO [tenantry_definer];');
GO
GRANT IMPERSONATE ON USER::[tenantry_definer] TO [tenantry_admin];
