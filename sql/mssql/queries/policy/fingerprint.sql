-- What decides what app can see or do on this shard, as it is now: its fingerprint, its items, and the digest of the function that tells
-- them. The digest of the function is made here and again in `policy/verification`, from the catalog: a function of the shard that told it
-- could be replaced as the other could.
-- json: items
SET NOCOUNT ON;
DECLARE @found TABLE (
  [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [object] nvarchar(600) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [digest] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL
);
INSERT INTO @found ([kind], [object], [digest]) SELECT i.[kind], i.[object], i.[digest] FROM [tenantry].[fingerprint_items]() AS i;
SELECT LOWER(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', (
    SELECT STRING_AGG(CONCAT(CAST(f.[kind] AS nvarchar(max)), NCHAR(10), f.[object], NCHAR(10), f.[digest]), NCHAR(10)) WITHIN GROUP (ORDER BY f.[kind], f.[object])
    FROM @found AS f
  )), 2)) AS [fingerprint],
  (
    SELECT LOWER(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', CONCAT(m.[uses_ansi_nulls], m.[uses_quoted_identifier], m.[definition])), 2))
    FROM sys.sql_modules AS m
    WHERE m.[object_id] = OBJECT_ID(N'tenantry.fingerprint_items')
  ) AS [functionDigest],
  COALESCE((SELECT f.[kind] AS [kind], f.[object] AS [object], f.[digest] AS [digest] FROM @found AS f ORDER BY f.[kind], f.[object] FOR JSON PATH), N'[]') AS [items];
