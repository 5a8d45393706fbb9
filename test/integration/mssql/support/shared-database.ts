/** A table that a support team reads, by a right of its own and by a procedure of the table's owner. */
export const sharedDatabase = `CREATE TABLE [dbo].[Blogs] ([TenantId] int NOT NULL, [BlogId] int NOT NULL, PRIMARY KEY ([TenantId], [BlogId]));
INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId]) VALUES (1, 1), (2, 2);
CREATE USER [support] WITHOUT LOGIN;
GRANT SELECT ON [dbo].[Blogs] TO [support] WITH GRANT OPTION;
EXEC (N'CREATE PROCEDURE [dbo].[CountBlogs] AS SELECT COUNT(*) AS [count] FROM [dbo].[Blogs];');
GRANT EXECUTE ON [dbo].[CountBlogs] TO [support];`;
