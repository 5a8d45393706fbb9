-- A user may change its own default schema and language, and no right forbids it (ALTER USER): names would mean other tables for
-- every tenant after it. So nothing at all is defined, altered or dropped by tenant traffic. app can neither see nor switch it off.
CREATE OR ALTER TRIGGER [tenantry_no_definitions] ON DATABASE FOR DDL_DATABASE_LEVEL_EVENTS
AS
SET NOCOUNT ON;
IF IS_ROLEMEMBER(N'tenantry_app') = 1 THROW 51012, N'Tenant traffic defines, alters and drops nothing.', 1;
GO
ENABLE TRIGGER [tenantry_no_definitions] ON DATABASE;
