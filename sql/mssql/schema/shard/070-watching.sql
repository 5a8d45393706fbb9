-- What follows on each change that the trigger of the database sees, in its transaction (sql/mssql/schema/bootstrap/005-watching.sql).

-- A new table with a tenant column gets the tenant's predicates when it is made, so that nobody sees it without. One whose column is of
-- another type than tenants are, or that lies in memory, cannot have them; nobody but its owner has a right to a new table anyway.
CREATE PROCEDURE [tenantry].[cover_table] @schema nvarchar(128), @table nvarchar(128)
AS
SET NOCOUNT, XACT_ABORT ON;
DECLARE @column nvarchar(128), @name nvarchar(520), @policy nvarchar(300), @predicate nvarchar(400), @statement nvarchar(max);
SELECT TOP (1) @column = c.[name], @name = CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name]))
FROM sys.tables AS t
JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
JOIN sys.columns AS c ON c.[object_id] = t.[object_id]
JOIN [tenantry].[tenant_column] AS n ON n.[name] = c.[name] COLLATE Latin1_General_100_BIN2
JOIN sys.parameters AS p ON p.[object_id] = OBJECT_ID(N'tenantry.current_tenant') AND p.[parameter_id] = 0 AND p.[system_type_id] = c.[system_type_id]
WHERE s.[name] = @schema COLLATE Latin1_General_100_BIN2 AND t.[name] = @table COLLATE Latin1_General_100_BIN2
  AND s.[name] <> N'tenantry' AND t.[is_ms_shipped] = 0 AND t.[is_memory_optimized] = 0 AND t.[is_external] = 0
  AND NOT EXISTS (SELECT 1 FROM sys.security_predicates AS q WHERE q.[target_object_id] = t.[object_id])
ORDER BY c.[column_id];
IF @column IS NULL RETURN;
SET @policy = CONCAT(N'[tenantry].', QUOTENAME(LEFT(N'policy_' + @schema, 128)));
SET @predicate = CONCAT(N'PREDICATE [tenantry].[visible](', QUOTENAME(@column), N') ON ', @name);
SET @statement = CONCAT(CAST(CASE WHEN OBJECT_ID(@policy) IS NULL THEN N'CREATE' ELSE N'ALTER' END AS nvarchar(max)), N' SECURITY POLICY ', @policy,
  N' ADD FILTER ', @predicate, N', ADD BLOCK ', @predicate, CASE WHEN OBJECT_ID(@policy) IS NULL THEN N' WITH (STATE = ON, SCHEMABINDING = ON)' END, N';');
EXEC sys.sp_executesql @statement;
GO

-- Opens or closes the gate by what protects the shard now, and says in the log what that came to. Who closes it waits for every tenant that is
-- inside, for whom the row is held shared; of those who wait for each other, the tenant begins again. Where they are not gone in time,
-- the change is refused (1222).
CREATE PROCEDURE [tenantry].[judge_changes] @verdict nvarchar(10) = NULL OUTPUT
AS
SET NOCOUNT, XACT_ABORT ON;
SET DEADLOCK_PRIORITY HIGH;
SET LOCK_TIMEOUT 10000;
DECLARE @was bit, @is bit, @first bigint;
-- A lock that is not to be had ends its statement alone (1222), and nothing would have been judged.
BEGIN TRY
  -- UPDLOCK: one judges at a time. It is let in beside tenants; what was read is what is changed.
  SELECT @was = g.[open] FROM [tenantry].[gate] AS g WITH (UPDLOCK, ROWLOCK, READCOMMITTEDLOCK);
  SET @is = CASE WHEN EXISTS (
    SELECT 1
    FROM [tenantry].[accepted] AS a
    WHERE a.[fingerprint] = [tenantry].[fingerprint]() COLLATE Latin1_General_100_BIN2 AND (a.[valid_until] IS NULL OR a.[valid_until] > SYSUTCDATETIME())
  ) THEN 1 ELSE 0 END;
  IF @is <> @was UPDATE g SET [open] = @is, [changed_at] = SYSUTCDATETIME() FROM [tenantry].[gate] AS g WITH (ROWLOCK);
  SET @verdict = CASE WHEN @is = @was THEN N'same' WHEN @is = 1 THEN N'opened' ELSE N'closed' END;
  UPDATE [tenantry].[change_log] SET [verdict] = @verdict
  WHERE [transaction_id] = CURRENT_TRANSACTION_ID() AND [verdict] IS NULL;
  SELECT @first = MAX(c.[change_id]) - 10000 FROM [tenantry].[change_log] AS c;
  DELETE FROM [tenantry].[change_log] WHERE [change_id] <= @first AND [verdict] IS NOT NULL;
END TRY
BEGIN CATCH
  THROW;
END CATCH;
GO

-- Who changed what. A transaction that holds the lock of policy changes accepts what it has changed before it ends (`policy/accept`): judged by
-- each of its statements, it would close the gate, and tenants would wait for it. One that ends without has left what `unjudged` counts.
CREATE PROCEDURE [tenantry].[note_change] @login nvarchar(128), @event nvarchar(100), @schema nvarchar(128), @object nvarchar(128), @target nvarchar(128)
AS
SET NOCOUNT, XACT_ABORT ON;
-- Whatever fails in here takes the change with it, also what would end its statement alone (1222, 229).
BEGIN TRY
  INSERT INTO [tenantry].[change_log] ([login], [command], [object], [transaction_id])
  VALUES (@login, REPLACE(@event, N'_', N' '), NULLIF(CONCAT(@schema + N'.', @object, N' on ' + @target), N''), CURRENT_TRANSACTION_ID());
  IF @event = N'CREATE_TABLE' EXEC [tenantry].[cover_table] @schema = @schema, @table = @object;
  IF COALESCE(APPLOCK_MODE(N'tenantry_admin', N'tenantry policies', N'Transaction'), N'NoLock') <> N'Exclusive' EXEC [tenantry].[judge_changes];
END TRY
BEGIN CATCH
  THROW;
END CATCH;
RETURN 0;
GO

-- How many changes nobody judged, of transactions that have ended: rows of others under way are locked, and passed over. READPAST is refused
-- (650) under any isolation but READ COMMITTED and REPEATABLE READ, and READCOMMITTEDLOCK is what it asks for where the database reads row versions.
CREATE FUNCTION [tenantry].[unjudged]() RETURNS TABLE
AS
RETURN SELECT COUNT(*) AS [changes] FROM [tenantry].[change_log] AS c WITH (READCOMMITTEDLOCK, READPAST, ROWLOCK)
WHERE c.[verdict] IS NULL AND c.[transaction_id] <> CURRENT_TRANSACTION_ID();
GO
GRANT SELECT ON [tenantry].[unjudged] TO [tenantry_app];
GO

-- A text that is another one after any change that the trigger of the database does not see, or does not judge, or that time brings: security
-- policies, members of roles, triggers that are switched off, options of the database, the gate and what overrides it, the end of what was
-- accepted. What it was about is for whoever looks then. READUNCOMMITTED waits for nobody: it is asked once a second.
CREATE FUNCTION [tenantry].[watched]() RETURNS nvarchar(64)
WITH EXECUTE AS 'tenantry_definer'
AS
BEGIN
  DECLARE @members nvarchar(max) = (
    SELECT STRING_AGG(CONCAT(CAST(m.[role_principal_id] AS nvarchar(max)), N' ', m.[member_principal_id]), N',')
      WITHIN GROUP (ORDER BY m.[role_principal_id], m.[member_principal_id])
    FROM sys.database_role_members AS m
  );
  DECLARE @triggers nvarchar(max) = (
    SELECT STRING_AGG(CONCAT(CAST(t.[object_id] AS nvarchar(max)), N' ', t.[is_disabled]), N',') WITHIN GROUP (ORDER BY t.[object_id])
    FROM sys.triggers AS t
  );
  -- Altered and put back they are as they were, but for the time.
  DECLARE @policies nvarchar(max) = (
    SELECT STRING_AGG(CONCAT(CAST(y.[object_id] AS nvarchar(max)), N' ', y.[is_enabled], N' ', n.[predicates], N' ', CONVERT(nvarchar(30), y.[modify_date], 126)), N',')
      WITHIN GROUP (ORDER BY y.[object_id])
    FROM sys.security_policies AS y
    CROSS APPLY (SELECT COUNT(*) AS [predicates] FROM sys.security_predicates AS p WHERE p.[object_id] = y.[object_id]) AS n
  );
  DECLARE @database nvarchar(20) = (
    SELECT CONCAT(d.[is_trustworthy_on], d.[is_db_chaining_on], d.[is_cdc_enabled]) FROM sys.databases AS d WHERE d.[name] = DB_NAME()
  );
  -- By what no other column of theirs can hide: whatever was written to the two rows, and if it was put back.
  DECLARE @gate nvarchar(40) = (
    SELECT CONCAT(CAST(g.[row_version] AS bigint), N' ', CASE WHEN g.[override_until] > SYSUTCDATETIME() THEN 1 ELSE 0 END) FROM [tenantry].[gate] AS g WITH (READUNCOMMITTED)
  );
  -- A new acceptance may be of what a connection is to be opened otherwise for.
  DECLARE @accepted nvarchar(40) = (
    SELECT CONCAT(CAST(a.[row_version] AS bigint), N' ', CASE WHEN a.[valid_until] <= SYSUTCDATETIME() THEN N'over' ELSE N'valid' END) FROM [tenantry].[accepted] AS a WITH (READUNCOMMITTED)
  );
  RETURN LOWER(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', CONCAT(@members, N'|', @triggers, N'|', @policies, N'|', @database, N'|', @gate, N'|', @accepted)), 2));
END;
GO
GRANT EXECUTE ON [tenantry].[watched] TO [tenantry_app];
GO

-- A text that is another one after any change that was noted, judged or not. The log is admin's, who may write a verdict there himself, or take the row
-- away: its number is given to no other then.
CREATE FUNCTION [tenantry].[noted]() RETURNS nvarchar(60)
WITH EXECUTE AS 'tenantry_definer'
AS
BEGIN
  RETURN (SELECT CONCAT(IDENT_CURRENT(N'tenantry.change_log'), N' ', MAX(c.[change_id])) FROM [tenantry].[change_log] AS c WITH (READUNCOMMITTED));
END;
GO
GRANT EXECUTE ON [tenantry].[noted] TO [tenantry_app];
