-- Who changed what in this database, the last first.
-- @limit int
SELECT TOP (@limit) c.[change_id] AS [changeId],
  REPLACE(CONVERT(nvarchar(23), CAST(c.[changed_at] AS datetime2(3)), 121), N' ', N'T') + N'Z' AS [changedAt],
  c.[login] AS [login], c.[command] AS [command], c.[object] AS [object], c.[verdict] AS [verdict]
FROM [tenantry].[change_log] AS c
ORDER BY c.[change_id] DESC;
