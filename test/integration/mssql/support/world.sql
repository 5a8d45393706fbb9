-- Two tenants of one shard. Every row says whose it is: what names tenant-2 is nothing that tenant 1 may see.
CREATE TABLE [dbo].[Blogs] (
  [TenantId] int NOT NULL,
  [BlogId] int NOT NULL,
  [Name] nvarchar(200) NOT NULL,
  CONSTRAINT [Blogs_key] PRIMARY KEY ([TenantId], [BlogId])
);
CREATE TABLE [dbo].[Posts] (
  [TenantId] int NOT NULL,
  [PostId] int NOT NULL,
  [BlogId] int NOT NULL,
  [Title] nvarchar(200) NOT NULL,
  CONSTRAINT [Posts_key] PRIMARY KEY ([TenantId], [PostId]),
  CONSTRAINT [Posts_blog] FOREIGN KEY ([TenantId], [BlogId]) REFERENCES [dbo].[Blogs] ([TenantId], [BlogId])
);
CREATE STATISTICS [by_name] ON [dbo].[Blogs] ([Name]);
INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name]) VALUES
  (1, 1, N'tenant-1 blog 1'), (1, 2, N'tenant-1 blog 2'),
  (2, 1, N'tenant-2 blog 1'), (2, 2, N'tenant-2 blog 2'), (2, 7, N'tenant-2 has this one alone');
INSERT INTO [dbo].[Posts] ([TenantId], [PostId], [BlogId], [Title]) VALUES
  (1, 11, 1, N'tenant-1 post 11'), (1, 12, 1, N'tenant-1 post 12'),
  (2, 21, 1, N'tenant-2 post 21'), (2, 22, 1, N'tenant-2 post 22');
UPDATE STATISTICS [dbo].[Blogs] WITH FULLSCAN;
