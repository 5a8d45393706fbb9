-- The oldest first.
SELECT k.[name] AS [name]
FROM [tenantry].[fleet_key] AS k
ORDER BY k.[recorded_at], k.[name];
