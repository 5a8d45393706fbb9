CREATE TABLE [dbo].[tenants] (
  [id] int NOT NULL PRIMARY KEY,
  [name] nvarchar(100) NOT NULL
);
GO
CREATE TABLE [dbo].[users] (
  [tenant_id] int NOT NULL REFERENCES [dbo].[tenants] ([id]),
  [id] int NOT NULL,
  [name] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  PRIMARY KEY ([tenant_id], [id])
);
