-- Other tokens for mappings that are at that epoch still and have the token that they are thought to have. Rows that somebody else
-- holds are left out, for another time (READPAST, which a database that reads row versions takes with READCOMMITTEDLOCK alone). Who
-- would enter meanwhile is told DRAINING, and comes again.
-- @tokens nvarchar(max)
SET LOCK_TIMEOUT 5000;
SET DEADLOCK_PRIORITY LOW;
UPDATE m
SET [token] = CONVERT(varbinary(16), t.[to], 2)
FROM [tenantry].[local_mapping] AS m WITH (READCOMMITTEDLOCK, ROWLOCK, READPAST)
JOIN OPENJSON(@tokens) WITH ([mappingId] int, [epoch] bigint, [from] nvarchar(32), [to] nvarchar(32)) AS t ON t.[mappingId] = m.[mapping_id]
WHERE m.[epoch] = t.[epoch] AND m.[token] = CONVERT(varbinary(16), t.[from], 2);
