-- Keeps whoever else judges or accepts what protects this shard out until the transaction ends; what they did before is seen by the next
-- statement. They are waited for briefly, since they may wait for what this transaction holds. Tenants, who hold the row shared, are in
-- nobody's way.
SET LOCK_TIMEOUT 500;
SELECT CAST(1 AS bit) AS [held] FROM [tenantry].[gate] AS g WITH (UPDLOCK, ROWLOCK, READCOMMITTEDLOCK);
