-- The mapping's lock, exclusive, to the end of the transaction. Never waited for: READPAST passes over a row that somebody holds
-- (READCOMMITTEDLOCK lets it, where the database reads row versions), and a queued exclusive lock would stop every new shared one.
-- A mapping that is not there has no lock, and nobody inside.
-- @mappingId int
DECLARE @locked int;
SELECT @locked = f.[mapping_id]
FROM [tenantry].[mapping_fence] AS f WITH (XLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK)
WHERE f.[mapping_id] = @mappingId;
SELECT CAST(CASE
  WHEN @locked IS NOT NULL THEN 1
  WHEN EXISTS (SELECT 1 FROM [tenantry].[mapping_fence] AS f WITH (READUNCOMMITTED) WHERE f.[mapping_id] = @mappingId) THEN 0
  ELSE 1
END AS bit) AS [taken];
