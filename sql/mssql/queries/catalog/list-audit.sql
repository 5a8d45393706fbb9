-- The latest rows, the last one first; of those before another one where that is said.
-- @before bigint
-- @limit int
-- json: detail
SELECT TOP (@limit) a.[audit_id] AS [auditId], a.[run_id] AS [runId],
  REPLACE(CONVERT(nvarchar(23), CAST(a.[recorded_at] AS datetime2(3)), 121), N' ', N'T') + N'Z' AS [recordedAt],
  a.[actor] AS [actor], a.[action] AS [action], a.[subject] AS [subject], a.[outcome] AS [outcome], a.[detail] AS [detail]
FROM [tenantry].[audit] AS a
WHERE @before IS NULL OR a.[audit_id] < @before
ORDER BY a.[audit_id] DESC;
