-- Operations that have ended and need not be kept: those older than so many days, and those that so many newer ones ended
-- after. One that ended within the hour is kept whatever there is: its runner may yet ask how it ended.
-- @keptDays int
-- @kept int
-- @afterId uniqueidentifier
-- @limit int
-- json: payload
SELECT TOP (@limit) o.[operation_id] AS [operationId], o.[map_id] AS [mapId], o.[kind] AS [kind], o.[payload] AS [payload], o.[state] AS [state],
  o.[generation] AS [generation], CAST(0 AS bigint) AS [leaseLeftMs]
FROM [tenantry].[operation] AS o
WHERE o.[state] IN (N'DONE', N'UNDONE')
  AND o.[changed_at] < DATEADD(hour, -1, SYSUTCDATETIME())
  AND (o.[changed_at] < DATEADD(day, -@keptDays, SYSUTCDATETIME())
    OR o.[changed_at] < (SELECT MIN(n.[changed_at]) FROM (
      SELECT TOP (@kept) e.[changed_at]
      FROM [tenantry].[operation] AS e
      WHERE e.[state] IN (N'DONE', N'UNDONE')
      ORDER BY e.[changed_at] DESC
    ) AS n))
  AND (@afterId IS NULL OR o.[operation_id] > @afterId)
ORDER BY o.[operation_id];
