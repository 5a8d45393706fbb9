-- No row where the database has no schema of Tenantry.
SELECT v.[version] AS [version]
FROM [tenantry].[schema_version] AS v;
