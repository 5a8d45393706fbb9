-- What is signed on this shard, and by what: no row where nothing was accepted. Times are milliseconds since 1970.
SELECT a.[format] AS [format], a.[number] AS [number], a.[fingerprint] AS [fingerprint],
  DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), a.[valid_until]) AS [validUntilMs], a.[signature] AS [signature], g.[override_number] AS [overrideNumber],
  DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), g.[override_until]) AS [overrideUntilMs], g.[override_signature] AS [overrideSignature],
  DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), SYSUTCDATETIME()) AS [nowMs]
FROM [tenantry].[accepted] AS a
CROSS JOIN [tenantry].[gate] AS g;
