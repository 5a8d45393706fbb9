-- What a team has before it shards: a database and its tables. Run by sqlcmd on each SQL Server shard; a second run changes nothing.
IF DB_ID(N'shop') IS NULL CREATE DATABASE [shop];
GO
USE [shop];
GO
-- SESSION_CONTEXT, which holds the tenant, may be wrong in a parallel plan after a session was reset: a known issue in the release
-- notes of SQL Server 2022 up to CU25 at least.
ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 1;
GO
-- Who reads does not wait for who writes. Azure SQL Database has it on by itself.
ALTER DATABASE [shop] SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON;
GO
IF OBJECT_ID(N'dbo.Blogs') IS NULL
  CREATE TABLE [dbo].[Blogs] (
    [TenantId] int NOT NULL,
    [BlogId] int NOT NULL,
    [Name] nvarchar(200) NOT NULL,
    CONSTRAINT [PK_Blogs] PRIMARY KEY ([TenantId], [BlogId])
  );
GO
IF OBJECT_ID(N'dbo.Posts') IS NULL
  CREATE TABLE [dbo].[Posts] (
    [TenantId] int NOT NULL,
    [PostId] int NOT NULL,
    [BlogId] int NOT NULL,
    [Title] nvarchar(200) NOT NULL,
    CONSTRAINT [PK_Posts] PRIMARY KEY ([TenantId], [PostId]),
    CONSTRAINT [FK_Posts_Blogs] FOREIGN KEY ([TenantId], [BlogId]) REFERENCES [dbo].[Blogs] ([TenantId], [BlogId])
  );
GO
