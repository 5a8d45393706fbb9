CREATE TABLE [dbo].[Users] (
  [TenantId] int NOT NULL,
  [Id] nvarchar(64) NOT NULL,
  [Name] nvarchar(100) NOT NULL,
  PRIMARY KEY ([TenantId], [Id])
);
GO
CREATE TABLE [dbo].[UserRoles] (
  [TenantId] int NOT NULL,
  [UserId] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [Role] nvarchar(40) NOT NULL,
  PRIMARY KEY ([TenantId], [UserId], [Role])
);
GO
CREATE TABLE [dbo].[RoleRights] (
  [TenantId] int NOT NULL,
  [Role] nvarchar(40) NOT NULL,
  [Api] nvarchar(40) NOT NULL,
  [CanGet] bit NOT NULL DEFAULT 0,
  [CanPost] bit NOT NULL DEFAULT 0,
  [CanPatch] bit NOT NULL DEFAULT 0,
  [CanDelete] bit NOT NULL DEFAULT 0,
  PRIMARY KEY ([TenantId], [Role], [Api])
);
GO
CREATE TABLE [dbo].[Accounts] (
  [TenantId] int NOT NULL,
  [Id] int NOT NULL,
  [Holder] nvarchar(100) NOT NULL,
  PRIMARY KEY ([TenantId], [Id])
);
