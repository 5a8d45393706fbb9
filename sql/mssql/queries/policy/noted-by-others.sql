-- Another text after each change of definitions and rights that another transaction has committed, where the shard's triggers note them. Rows
-- of those that are under way are locked, and passed over.
SELECT CONCAT(COUNT_BIG(*), N' ', MIN(c.[change_id]), N' ', MAX(c.[change_id])) AS [noted]
FROM [tenantry].[change_log] AS c WITH (READCOMMITTEDLOCK, READPAST, ROWLOCK)
WHERE c.[transaction_id] <> CURRENT_TRANSACTION_ID();
