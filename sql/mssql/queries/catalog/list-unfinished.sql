-- json: payload
SELECT o.[operation_id] AS [operationId], o.[map_id] AS [mapId], o.[kind] AS [kind], o.[payload] AS [payload], o.[state] AS [state],
  o.[generation] AS [generation],
  CASE WHEN o.[lease_until] <= SYSUTCDATETIME() THEN CAST(0 AS bigint)
    ELSE (DATEDIFF_BIG(microsecond, SYSUTCDATETIME(), o.[lease_until]) + 999) / 1000 END AS [leaseLeftMs]
FROM [tenantry].[operation] AS o
WHERE o.[state] NOT IN (N'DONE', N'UNDONE')
ORDER BY o.[started_at];
