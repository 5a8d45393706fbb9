/** Tables of a shard whose rows the data API changes: one with triggers, one with a key of many types. */
export const apiTables = `
CREATE TABLE [dbo].[Audited] (
  [TenantId] int NOT NULL,
  [Id] int IDENTITY NOT NULL,
  [Code] varchar(20) COLLATE Polish_CI_AS NOT NULL,
  [Name] nvarchar(40) NOT NULL,
  [Twice] AS [Id] * 2,
  [Stamp] rowversion NOT NULL,
  [At] datetime2(3) NOT NULL DEFAULT (SYSUTCDATETIME()),
  CONSTRAINT [Audited_key] PRIMARY KEY ([TenantId], [Id], [Code])
);
CREATE TABLE [dbo].[Lines] (
  [TenantId] int NOT NULL,
  [Code] varchar(20) COLLATE Polish_CI_AS NOT NULL,
  [Old] char(4) COLLATE SQL_Latin1_General_CP1_CI_AS NOT NULL,
  [Guid] uniqueidentifier NOT NULL,
  [Price] decimal(10, 2) NOT NULL,
  [Cost] money NOT NULL,
  [Part] real NOT NULL,
  [Small] tinyint NOT NULL,
  [Big] bigint NOT NULL,
  [Day] date NOT NULL,
  [Clock] time(3) NOT NULL,
  [Then] datetime NOT NULL,
  [Moment] datetimeoffset(3) NOT NULL,
  [Text] nvarchar(40) NOT NULL,
  [Total] decimal(38, 4) NULL,
  [Fee] money NULL,
  CONSTRAINT [Lines_key] PRIMARY KEY ([TenantId], [Code], [Old], [Guid], [Price], [Cost], [Part], [Small], [Big], [Day], [Clock], [Then], [Moment])
);
`;

/** A trigger that changes what was written, takes rows away, refuses some, counts rows and answers with rows of its own. */
export const auditing = `CREATE TRIGGER [dbo].[Audited_after] ON [dbo].[Audited] AFTER INSERT, UPDATE, DELETE AS
BEGIN
  DELETE a FROM [dbo].[Audited] AS a JOIN inserted AS i ON i.[TenantId] = a.[TenantId] AND i.[Id] = a.[Id] WHERE i.[Name] = N'gone';
  UPDATE a SET [Code] = 'moved' FROM [dbo].[Audited] AS a JOIN inserted AS i ON i.[TenantId] = a.[TenantId] AND i.[Id] = a.[Id]
  WHERE i.[Name] = N'moved';
  IF EXISTS (SELECT 1 FROM inserted AS i WHERE i.[Name] = N'refused') THROW 50001, N'hidden words', 1;
  UPDATE a SET [Name] = UPPER(a.[Name]) FROM [dbo].[Audited] AS a JOIN inserted AS i ON i.[TenantId] = a.[TenantId] AND i.[Id] = a.[Id];
  SELECT 'noise' AS [Name], 'noise' AS [Code] FROM inserted UNION ALL SELECT 'noise', 'noise' FROM deleted;
END`;
