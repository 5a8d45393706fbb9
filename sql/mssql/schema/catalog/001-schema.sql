-- The catalog: the global shard map and the log of its changes. Texts are compared by code point: names are exact-case whatever
-- collation the database has. No filtered index, indexed view or indexed computed column: those would ask every session for its
-- SET options (error 1934), which a reset of the connection forgets.
CREATE SCHEMA [tenantry];
GO

-- One row: what this database's schema is, checked by every program that opens the catalog.
CREATE TABLE [tenantry].[schema_version] (
  [only_row] bit NOT NULL CONSTRAINT [schema_version_key] PRIMARY KEY
    CONSTRAINT [schema_version_only_row] DEFAULT (1)
    CONSTRAINT [schema_version_one_row] CHECK ([only_row] = 1),
  [version] int NOT NULL,
  [installed_at] datetime2(7) NOT NULL CONSTRAINT [schema_version_now] DEFAULT (SYSUTCDATETIME())
);
GO

INSERT INTO [tenantry].[schema_version] ([version]) VALUES (3);
