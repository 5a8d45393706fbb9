-- The override that lets tenants in now whatever protects them: no row where there is none. Times are milliseconds since 1970.
SELECT g.[override_number] AS [number], DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), g.[override_until]) AS [untilMs], g.[override_reason] AS [reason],
  g.[override_by] AS [decidedBy], g.[override_signature] AS [signature],
  DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), SYSUTCDATETIME()) AS [nowMs]
FROM [tenantry].[gate] AS g
WHERE g.[override_until] > SYSUTCDATETIME();
