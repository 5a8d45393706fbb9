CREATE TABLE [dbo].[Employees] (
  [TenantId] int NOT NULL,
  [Id] int NOT NULL,
  [FirstName] nvarchar(100) NOT NULL,
  [LastName] nvarchar(100) NOT NULL,
  [OrganizationId] int NOT NULL,
  PRIMARY KEY ([TenantId], [Id])
);
GO
CREATE TABLE [dbo].[Members] (
  [TenantId] int NOT NULL,
  [AzureAdObjectId] uniqueidentifier NOT NULL,
  [OrganizationId] int NOT NULL,
  PRIMARY KEY ([TenantId], [AzureAdObjectId], [OrganizationId])
);
