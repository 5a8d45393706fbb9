CREATE TABLE [dbo].[SensitiveData] (
  [TenantId] int NOT NULL,
  [Id] int NOT NULL,
  [FirstName] nvarchar(100) NOT NULL,
  [LastName] nvarchar(100) NOT NULL,
  PRIMARY KEY ([TenantId], [Id])
);
GO
CREATE TABLE [dbo].[EvenMoreSensitiveData] (
  [TenantId] int NOT NULL,
  [Id] int NOT NULL,
  [SensitiveDataId] int NOT NULL,
  [SomeData1] int NOT NULL,
  PRIMARY KEY ([TenantId], [Id]),
  FOREIGN KEY ([TenantId], [SensitiveDataId]) REFERENCES [dbo].[SensitiveData] ([TenantId], [Id])
);
GO
CREATE TABLE [dbo].[SensitiveDataPermissions] (
  [TenantId] int NOT NULL,
  [UserHashId] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [SensitiveDataId] int NOT NULL,
  [HasAccess] bit NOT NULL DEFAULT 0,
  PRIMARY KEY ([TenantId], [UserHashId], [SensitiveDataId]),
  FOREIGN KEY ([TenantId], [SensitiveDataId]) REFERENCES [dbo].[SensitiveData] ([TenantId], [Id])
);
GO
CREATE PROCEDURE [dbo].[GetEvenMoreSensitiveData]
AS
SELECT s.[Id], s.[FirstName], s.[LastName], (
    SELECT m.[SomeData1] FROM [dbo].[EvenMoreSensitiveData] AS m
    WHERE m.[TenantId] = s.[TenantId] AND m.[SensitiveDataId] = s.[Id] ORDER BY m.[Id] FOR JSON PATH
  ) AS [EvenMore]
FROM [dbo].[SensitiveData] AS s
ORDER BY s.[Id]
FOR JSON PATH;
