-- One policy change at a time on a shard. The lock belongs to tenantry_admin: tenant traffic cannot take it. What its transaction changes
-- is not judged by the trigger of the database, since it is accepted before the transaction ends. How long a table that tenants are using
-- is waited for stands in each statement that changes one: set here, it would end with this text. `alone`: nobody's change is judged meanwhile
-- either, and so none is committed; whoever makes one waits where it is judged.
-- @lockTimeoutMs int
-- @alone bit
DECLARE @granted int, @held bit;
EXEC @granted = sys.sp_getapplock @Resource = N'tenantry policies', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
  @LockTimeout = @lockTimeoutMs, @DbPrincipal = N'tenantry_admin';
IF @granted IS NULL OR @granted < 0 THROW 51014, N'LOCK_NOT_GRANTED', 1;
IF @alone = 1
BEGIN
  SET LOCK_TIMEOUT 5000;
  SELECT @held = 1 FROM [tenantry].[gate] AS g WITH (UPDLOCK, ROWLOCK, READCOMMITTEDLOCK);
END;
SELECT CAST(@lockTimeoutMs AS nvarchar(20)) AS [lockTimeout], CAST(1 AS bit) AS [locked], @held AS [held];
