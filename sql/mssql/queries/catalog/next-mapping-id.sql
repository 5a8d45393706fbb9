SELECT CAST(NEXT VALUE FOR [tenantry].[mapping_id] AS int) AS [mappingId];
