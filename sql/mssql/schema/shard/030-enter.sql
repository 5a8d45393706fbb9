-- How a transaction of app becomes a tenant's: the first statement of every transaction, which is refused here or runs under the
-- mapping's lock until its end. It runs before every statement of a tenant, so it looks at three rows by their keys, one of them twice, and no more.
-- Refusals are errors with numbers of their own; XACT_ABORT ends the transaction with them, so nothing after them can happen.
--   51001 UNKNOWN_MAPPING  51002 OFFLINE    51003 DRAINING   51004 INCOMING  51005 MOVED, with the target as JSON
--   51006 STALE_EPOCH      51007 BAD_TOKEN  51008 ISOLATION  51010 CONTEXT_NOT_SET  51011 NO_TRANSACTION
--   51018 SHARD_UNVERIFIED
-- Why these locks, under every isolation: docs/decisions/007-fence-on-sql-server.md, and 019-gate-on-sql-server.md.
CREATE PROCEDURE [tenantry].[enter] @mapping int, @key varbinary(128), @epoch bigint, @token varbinary(16), @values nvarchar(4000) = NULL
AS
SET NOCOUNT, XACT_ABORT ON;

-- Without a transaction the lock would end with the statement that takes it.
IF @@TRANCOUNT = 0 THROW 51011, N'NO_TRANSACTION', 1;

-- SNAPSHOT (5) would let the tenant's statements read rows as they were before the lock was taken. Everybody may see the row of
-- their own session.
IF NOT EXISTS (SELECT 1 FROM sys.dm_exec_sessions AS s WHERE s.[session_id] = @@SPID AND s.[transaction_isolation_level] BETWEEN 2 AND 4)
  THROW 51008, N'ISOLATION', 1;

DECLARE @locked int, @found int, @kind nvarchar(10), @low varbinary(128), @high varbinary(128), @state nvarchar(10),
  @found_epoch bigint, @found_token varbinary(16), @moved_to uniqueidentifier, @moved_epoch bigint, @message nvarchar(200),
  @open bit, @open_until datetime2(7);

BEGIN TRY
  -- Who shows the token of this epoch may take the lock, and nobody else. A statement can catch its refusal: the transaction can
  -- then only be rolled back, but keeps its locks until its message ends, and would keep a fence of another's mapping out so long.
  IF EXISTS (
    SELECT 1
    FROM [tenantry].[local_mapping] AS m WITH (READCOMMITTEDLOCK, ROWLOCK, NOWAIT)
    WHERE m.[mapping_id] = @mapping AND m.[epoch] = @epoch AND m.[token] = @token AND DATALENGTH(@token) = 16
  )
    -- REPEATABLEREAD: it is taken, and held to the end of the transaction, also where the database reads row versions
    -- (READ_COMMITTED_SNAPSHOT). NOWAIT: whoever meets a fence is told so and comes again; no queue forms that a deadlock could
    -- hide in, or that would hold up whoever comes after a fence that waits. The gate is held in the same way: who closes it waits for
    -- all that are inside, and no statement of theirs runs after it.
    SELECT @locked = f.[mapping_id], @open = CASE WHEN g.[accepted_until] <= SYSUTCDATETIME() THEN 0 ELSE g.[open] END, @open_until = g.[override_until]
    FROM [tenantry].[mapping_fence] AS f WITH (REPEATABLEREAD, ROWLOCK, NOWAIT)
    LEFT JOIN [tenantry].[gate] AS g WITH (REPEATABLEREAD, ROWLOCK, NOWAIT) ON g.[only_row] = 1
    WHERE f.[mapping_id] = @mapping;

  -- Then the look that counts, since it comes after the lock. READCOMMITTEDLOCK: at the row as it is now, never at an older
  -- version, and without keeping it locked, so that a fence can change the state while tenants are inside. NOWAIT: a row that is
  -- being changed belongs to a fence as well.
  SELECT @found = m.[mapping_id], @kind = m.[kind], @low = m.[low], @high = m.[high], @state = m.[state],
    @found_epoch = m.[epoch], @found_token = m.[token], @moved_to = m.[moved_to], @moved_epoch = m.[moved_epoch]
  FROM [tenantry].[local_mapping] AS m WITH (READCOMMITTEDLOCK, ROWLOCK, NOWAIT)
  WHERE m.[mapping_id] = @mapping;
END TRY
BEGIN CATCH
  -- 1222: somebody holds a lock that would have to be waited for.
  IF ERROR_NUMBER() = 1222 THROW 51003, N'DRAINING', 1;
  THROW;
END CATCH;

-- Without the right token no more can be learnt than the first four say.
IF @found IS NULL THROW 51001, N'UNKNOWN_MAPPING', 1;
IF @state = N'MOVED'
BEGIN
  SET @message = CONCAT(N'MOVED {"shardId":"', LOWER(CAST(@moved_to AS nvarchar(36))), N'","epoch":', @moved_epoch, N'}');
  THROW 51005, @message, 1;
END;
IF @epoch IS NULL OR @epoch <> @found_epoch THROW 51006, N'STALE_EPOCH', 1;
-- Bytes are compared as if the shorter side were filled up with zeros, hence the lengths.
IF @token IS NULL OR @found_token IS NULL OR DATALENGTH(@token) <> 16 OR @token <> @found_token THROW 51007, N'BAD_TOKEN', 1;
-- It was another mapping, epoch or token a moment ago: to be looked up anew, and entered with the lock.
IF @locked IS NULL THROW 51001, N'UNKNOWN_MAPPING', 1;

-- Null where the bytes are no key of this shard's type.
DECLARE @tenant sql_variant = [tenantry].[tenant_of](@key);
IF @tenant IS NULL THROW 51001, N'UNKNOWN_MAPPING', 1;
IF @kind = N'point' AND NOT (@key = @low AND DATALENGTH(@key) = DATALENGTH(@low)) THROW 51001, N'UNKNOWN_MAPPING', 1;
-- Keys of one type are of one length or do not end in zero, so for them the padded order is the order of keys.
IF @kind = N'range' AND NOT (@key >= @low AND (@high IS NULL OR @key < @high)) THROW 51001, N'UNKNOWN_MAPPING', 1;

IF @state = N'OFFLINE' THROW 51002, N'OFFLINE', 1;
IF @state = N'INCOMING' THROW 51004, N'INCOMING', 1;
IF @state <> N'ONLINE' THROW 51003, N'DRAINING', 1;
-- What protects the tenants of this shard is not what was accepted: for now it serves none, unless somebody has decided that it does.
IF @open IS NULL OR (@open = 0 AND (@open_until IS NULL OR @open_until <= SYSUTCDATETIME())) THROW 51018, N'SHARD_UNVERIFIED', 1;

EXEC [tenantry].[set_context] @tenant, @values;
RETURN 0;
GO

-- The only routine of app. What it reads belongs to the same owner, so app needs no right to it.
GRANT EXECUTE ON [tenantry].[enter] TO [tenantry_app];
