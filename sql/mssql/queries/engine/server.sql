-- Which server this is, as far as what it can do depends on it: `capabilities.ts` reads it. A login needs no right for its own database.
SELECT CAST(SERVERPROPERTY(N'ProductMajorVersion') AS int) AS [major], CAST(SERVERPROPERTY(N'EngineEdition') AS int) AS [edition],
  CAST(d.[compatibility_level] AS int) AS [compatibility]
FROM sys.databases AS d
WHERE d.[database_id] = DB_ID();
