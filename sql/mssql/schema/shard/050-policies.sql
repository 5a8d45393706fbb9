-- What the configuration says of the rows of a table, in its own words: by what a shard's policies are read back as they were written.
-- Nothing goes by it but who reads it, and finds out what it comes to.
CREATE TABLE [tenantry].[policy_model] (
  [schema_name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [table_name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [model] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT [policy_model_key] PRIMARY KEY ([schema_name], [table_name])
);
GO

-- A row for whoever no policy beyond the tenant's binds: every principal but app.
CREATE FUNCTION [tenantry].[beyond_policies]() RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT 1 AS [allowed] WHERE IS_ROLEMEMBER(N'tenantry_app') = 0;
