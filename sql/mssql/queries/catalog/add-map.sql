-- UPDLOCK and HOLDLOCK on the name that is looked for: of two that add it at once the second waits and then finds it.
-- @name nvarchar(4000)
-- @kind nvarchar(4000)
-- @keyType nvarchar(4000)
-- @context nvarchar(4000)
INSERT INTO [tenantry].[shard_map] ([name], [kind], [mapping_kind], [key_type], [context])
SELECT @name, @kind, CASE @kind WHEN N'list' THEN N'point' ELSE N'range' END, @keyType, @context
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[shard_map] AS m WITH (UPDLOCK, HOLDLOCK) WHERE m.[name] = @name);
