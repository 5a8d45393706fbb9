-- A shard: its identity, its local shard map, and the routine that admits a tenant. The schema itself and the group roles are
-- there already, made for the admin group by the bootstrap: everything in the schema belongs to its owner, tenantry_admin, so that
-- a right to a routine is enough for what the routine reads (ownership chaining), and nobody needs one to the tables. Texts are
-- compared by code point. No filtered index, indexed view or indexed computed column: those would ask every session for its SET
-- options (error 1934), which a reset of the connection forgets.

-- One row: what this database's schema is, checked by every program that opens the shard.
CREATE TABLE [tenantry].[schema_version] (
  [only_row] bit NOT NULL CONSTRAINT [schema_version_key] PRIMARY KEY
    CONSTRAINT [schema_version_only_row] DEFAULT (1)
    CONSTRAINT [schema_version_one_row] CHECK ([only_row] = 1),
  [version] int NOT NULL,
  [installed_at] datetime2(7) NOT NULL CONSTRAINT [schema_version_now] DEFAULT (SYSUTCDATETIME())
);
GO

INSERT INTO [tenantry].[schema_version] ([version]) VALUES (3);
GO

-- One row once the shard has been added to a map: who it is. Compared on every new connection.
CREATE TABLE [tenantry].[shard_identity] (
  [only_row] bit NOT NULL CONSTRAINT [shard_identity_key] PRIMARY KEY
    CONSTRAINT [shard_identity_only_row] DEFAULT (1)
    CONSTRAINT [shard_identity_one_row] CHECK ([only_row] = 1),
  [shard_id] uniqueidentifier NOT NULL,
  [map] nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [key_type] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_identity_key_type] CHECK ([key_type] IN (N'int', N'bigint', N'uuid', N'string', N'bytes'))
);
GO

-- One row that nobody is shown. What the server tells a reader of this table's statistics it tells of every protected table's: each new
-- connection of app looks whether the value can be read in its histogram. The row comes before its statistics, which are made of it.
CREATE TABLE [tenantry].[hidden_row] (
  [value] int NOT NULL
);
GO

INSERT INTO [tenantry].[hidden_row] ([value]) VALUES (1);
GO

CREATE STATISTICS [hidden_value] ON [tenantry].[hidden_row] ([value]) WITH FULLSCAN, NORECOMPUTE;
GO

CREATE FUNCTION [tenantry].[hidden](@value int) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed] WHERE @value IS NULL;
GO

CREATE SECURITY POLICY [tenantry].[hidden_policy]
  ADD FILTER PREDICATE [tenantry].[hidden]([value]) ON [tenantry].[hidden_row]
  WITH (STATE = ON, SCHEMABINDING = ON);
GO

GRANT SELECT ON [tenantry].[hidden_row] TO [tenantry_app];
GO
GRANT SELECT ON [tenantry].[schema_version] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
GO
GRANT SELECT ON [tenantry].[shard_identity] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
