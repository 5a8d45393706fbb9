-- One installer at a time: the lock ends with the transaction. It must be asked for within one, or it would be nobody's.
DECLARE @granted int;
EXEC @granted = sys.sp_getapplock @Resource = N'tenantry install', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 30000;
IF @granted IS NULL OR @granted < 0 THROW 51014, N'LOCK_NOT_GRANTED', 1;
