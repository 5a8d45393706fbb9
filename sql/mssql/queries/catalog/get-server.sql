-- Which server's catalog this is, and which one answers.
SELECT s.[incarnation] AS [recorded], COALESCE([tenantry].[server_incarnation](), N'a database that only reads') AS [present]
FROM [tenantry].[catalog_server] AS s;
