-- @operationId uniqueidentifier
-- @generation bigint
-- @leaseMs int
-- json: payload
UPDATE o
SET [generation] = o.[generation] + 1,
  [lease_until] = DATEADD(millisecond, @leaseMs, SYSUTCDATETIME()),
  [changed_at] = SYSUTCDATETIME()
OUTPUT inserted.[operation_id] AS [operationId], inserted.[map_id] AS [mapId], inserted.[kind] AS [kind], inserted.[payload] AS [payload],
  inserted.[state] AS [state], inserted.[generation] AS [generation],
  CASE WHEN inserted.[lease_until] <= SYSUTCDATETIME() THEN CAST(0 AS bigint)
    ELSE (DATEDIFF_BIG(microsecond, SYSUTCDATETIME(), inserted.[lease_until]) + 999) / 1000 END AS [leaseLeftMs]
FROM [tenantry].[operation] AS o
WHERE o.[operation_id] = @operationId
  AND o.[generation] = @generation
  AND o.[lease_until] <= SYSUTCDATETIME()
  AND o.[state] NOT IN (N'DONE', N'UNDONE');
