-- Nothing where it is there. The gap stays locked, so that two who add it at once do not both find none.
-- @name nvarchar(4000)
INSERT INTO [tenantry].[fleet_key] ([name])
SELECT @name
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[fleet_key] AS k WITH (UPDLOCK, HOLDLOCK) WHERE k.[name] = @name);
