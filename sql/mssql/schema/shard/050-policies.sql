-- What the configuration says of the rows of a table, in its own words: by what a shard's policies are read back as they were written.
-- Nothing goes by it but who reads it, and finds out what it comes to.
CREATE TABLE [tenantry].[policy_model] (
  [schema_name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [table_name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [model] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT [policy_model_key] PRIMARY KEY ([schema_name], [table_name])
);
GO

-- Procedures that app was given to call since they were configured: what `policy apply` takes back of one that is so no more. What
-- somebody else gave stands in no row. By its number one is found that has another name since. By its arguments no procedure is told from
-- another here: they are the empty text.
CREATE TABLE [tenantry].[exposed_procedure] (
  [schema_name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [routine_name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [arguments] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [routine_id] bigint NOT NULL,
  CONSTRAINT [exposed_procedure_key] PRIMARY KEY ([schema_name], [routine_name], [arguments], [routine_id])
);
GO

-- A row for whoever no policy beyond the tenant's binds: every principal but app.
CREATE FUNCTION [tenantry].[beyond_policies]() RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed] WHERE IS_ROLEMEMBER(N'tenantry_app') = 0;
GO

-- Whether a function that tells app's rows is as it was made: then the digest with which its name ends, which is that of its text without
-- its name, and how a predicate calls it, without parentheses and spaces, which the server writes as it likes; null where it is not.
CREATE FUNCTION [tenantry].[row_function](@name nvarchar(128), @definition nvarchar(max)) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT f.[digest] AS [rendered],
  REPLACE(REPLACE(REPLACE(CONCAT(N'[tenantry].', QUOTENAME(@name),
    SUBSTRING(@definition, f.[takes], CHARINDEX(NCHAR(10), @definition + NCHAR(10), f.[takes]) - f.[takes])), N'(', N''), N')', N''), N' ', N'')
    COLLATE Latin1_General_100_BIN2 AS [call]
FROM (
  SELECT CHARINDEX(N'-- takes ', @definition COLLATE Latin1_General_100_BIN2) + 9 AS [takes],
    LOWER(LEFT(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', REPLACE(@definition COLLATE Latin1_General_100_BIN2, QUOTENAME(@name), N'')), 2), 32))
      COLLATE Latin1_General_100_BIN2 AS [digest]
) AS f
WHERE f.[digest] = RIGHT(@name, 32) COLLATE Latin1_General_100_BIN2;
GO
GRANT SELECT ON [tenantry].[row_function] TO [tenantry_app];
