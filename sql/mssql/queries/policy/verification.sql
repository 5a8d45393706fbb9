-- How what protects this shard now stands to what was accepted: one row. `differing` names each object that is not as it was, with
-- `added`, `removed` or `changed`. Times are milliseconds since 1970, all by this server's clock.
-- The digest of the function is made here and again in `policy/fingerprint`, from the catalog: a function of the shard that told it could be replaced
-- as the other could.
-- json: differing
SET NOCOUNT ON;
DECLARE @found TABLE (
  [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [object] nvarchar(600) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [digest] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL
);
INSERT INTO @found ([kind], [object], [digest]) SELECT i.[kind], i.[object], i.[digest] FROM [tenantry].[fingerprint_items]() AS i;
DECLARE @differing nvarchar(max) = (
  SELECT COALESCE(f.[kind], a.[kind]) AS [kind], COALESCE(f.[object], a.[object]) AS [object],
    CASE WHEN a.[digest] IS NULL THEN N'added' WHEN f.[digest] IS NULL THEN N'removed' ELSE N'changed' END AS [change]
  FROM @found AS f
  FULL JOIN [tenantry].[accepted_items]() AS a ON a.[kind] = f.[kind] AND a.[object] = f.[object]
  WHERE f.[digest] IS NULL OR a.[digest] IS NULL OR f.[digest] <> a.[digest]
  ORDER BY COALESCE(f.[kind], a.[kind]), COALESCE(f.[object], a.[object])
  FOR JSON PATH
);
SELECT LOWER(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', (
    SELECT STRING_AGG(CONCAT(CAST(f.[kind] AS nvarchar(max)), NCHAR(10), f.[object], NCHAR(10), f.[digest]), NCHAR(10)) WITHIN GROUP (ORDER BY f.[kind], f.[object])
    FROM @found AS f
  )), 2)) AS [fingerprint],
  (
    SELECT LOWER(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', CONCAT(m.[uses_ansi_nulls], m.[uses_quoted_identifier], m.[definition])), 2))
    FROM sys.sql_modules AS m
    WHERE m.[object_id] = OBJECT_ID(N'tenantry.fingerprint_items')
  ) AS [functionDigest],
  a.[format] AS [format], a.[number] AS [number], a.[fingerprint] AS [accepted], DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), a.[valid_until]) AS [validUntilMs],
  a.[signature] AS [signature], a.[open] AS [isOpen], DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), a.[accepted_until]) AS [openUntilMs],
  a.[override_number] AS [overrideNumber],
  DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), a.[override_until]) AS [overrideUntilMs], a.[override_signature] AS [overrideSignature],
  DATEDIFF_BIG(millisecond, CAST(N'1970-01-01' AS datetime2(7)), SYSUTCDATETIME()) AS [nowMs], COALESCE(@differing, N'[]') AS [differing],
  (SELECT u.[changes] FROM [tenantry].[unjudged]() AS u) AS [unjudged]
FROM [tenantry].[acceptance]() AS a;
