-- Who closed the gate since what protects the tenants was accepted, and nobody opened it again, or has changed what nobody judged; the last
-- first.
-- @limit int
SELECT TOP (@limit) c.[change_id] AS [changeId],
  REPLACE(CONVERT(nvarchar(23), CAST(c.[changed_at] AS datetime2(3)), 121), N' ', N'T') + N'Z' AS [changedAt],
  c.[login] AS [login], c.[command] AS [command], c.[object] AS [object]
FROM [tenantry].[change_log] AS c
WHERE (
    c.[verdict] IS NULL
    OR (c.[verdict] = N'closed' AND NOT EXISTS (SELECT 1 FROM [tenantry].[change_log] AS o WHERE o.[change_id] > c.[change_id] AND o.[verdict] = N'opened'))
  )
  AND NOT EXISTS (SELECT 1 FROM [tenantry].[accepted] AS a WHERE a.[accepted_at] >= c.[changed_at])
ORDER BY c.[change_id] DESC;
