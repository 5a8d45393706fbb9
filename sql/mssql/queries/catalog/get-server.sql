-- Which server's catalog this is, and which one answers; null where that one only reads, or does not say.
SELECT s.[incarnation] AS [recorded], [tenantry].[server_incarnation]() AS [present]
FROM [tenantry].[catalog_server] AS s;
