-- The demonstration's tables, as they are on a shard whose tenants are integers.
CREATE TABLE [dbo].[Blogs] (
  [TenantId] int NOT NULL CONSTRAINT [tenantry_default_Blogs] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))),
  [BlogId] int NOT NULL,
  [Name] nvarchar(200) NOT NULL,
  CONSTRAINT [Blogs_key] PRIMARY KEY ([TenantId], [BlogId])
);
GO
CREATE TABLE [dbo].[Posts] (
  [TenantId] int NOT NULL CONSTRAINT [tenantry_default_Posts] DEFAULT (CONVERT([int], SESSION_CONTEXT(N'tenantry.tenant'))),
  [PostId] int NOT NULL,
  [BlogId] int NOT NULL,
  [Title] nvarchar(200) NOT NULL,
  CONSTRAINT [Posts_key] PRIMARY KEY ([TenantId], [PostId]),
  CONSTRAINT [Posts_blog] FOREIGN KEY ([TenantId], [BlogId]) REFERENCES [dbo].[Blogs] ([TenantId], [BlogId])
);
GO
CREATE SECURITY POLICY [tenantry].[policy_dbo]
  ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs],
  ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs],
  ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Posts],
  ADD BLOCK PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Posts]
  WITH (STATE = ON, SCHEMABINDING = ON);
