-- Ends the sessions that hold the mapping's lock as tenants do, shared: those that run a statement, which is undone with them, or where
-- `disconnect` says so all of them. A fence's own lock is another operation's to give up. The server has nothing milder for a statement
-- of another session than KILL, which it refuses within a transaction (6115): this runs outside one. %%lockres%% is how the server names
-- a row in its table of locks, in a text of its own because it is not documented.
-- @mappingId int
-- @disconnect bit
SET NOCOUNT ON;
DECLARE @resource nvarchar(256);
EXEC sys.sp_executesql
  N'SELECT @resource = %%lockres%% FROM [tenantry].[mapping_fence] WITH (READUNCOMMITTED) WHERE [mapping_id] = @mapping;',
  N'@mapping int, @resource nvarchar(256) OUTPUT', @mapping = @mappingId, @resource = @resource OUTPUT;
DECLARE @holders TABLE ([pid] int NOT NULL PRIMARY KEY, [login_time] datetime NOT NULL, [signalled] bit NOT NULL);
INSERT INTO @holders ([pid], [login_time], [signalled])
SELECT DISTINCT s.[session_id], s.[login_time], 0
FROM sys.dm_tran_locks AS l
JOIN sys.partitions AS p ON p.[hobt_id] = l.[resource_associated_entity_id]
JOIN sys.dm_exec_sessions AS s ON s.[session_id] = l.[request_session_id]
WHERE l.[resource_type] = N'KEY'
  AND l.[resource_database_id] = DB_ID()
  AND l.[request_status] = N'GRANT'
  AND l.[request_mode] = N'S'
  AND l.[request_session_id] <> @@SPID
  AND p.[object_id] = OBJECT_ID(N'tenantry.mapping_fence')
  AND l.[resource_description] = @resource COLLATE Latin1_General_100_BIN2
  AND (@disconnect = 1 OR EXISTS (SELECT 1 FROM sys.dm_exec_requests AS r WHERE r.[session_id] = l.[request_session_id]));

DECLARE @pid int, @login_time datetime, @statement nvarchar(20), @holds bit;
WHILE 1 = 1
BEGIN
  SET @pid = (SELECT MIN(h.[pid]) FROM @holders AS h WHERE h.[pid] > COALESCE(@pid, 0));
  IF @pid IS NULL BREAK;
  SET @login_time = (SELECT h.[login_time] FROM @holders AS h WHERE h.[pid] = @pid);
  -- Numbers of sessions are given out again: it is the one that was found, and holds the lock still, of this table, as equal keys of
  -- others have the same description. KILL takes a number and no condition, so what could end in between is what ends within these
  -- two lines. Not asked by IF itself: where a lock on the definitions is not given in time (1222) only that statement ends, and what
  -- comes next in it would be KILL.
  SET @holds = 0;
  SELECT @holds = 1
  FROM sys.dm_tran_locks AS l
  JOIN sys.partitions AS p ON p.[hobt_id] = l.[resource_associated_entity_id]
  JOIN sys.dm_exec_sessions AS s ON s.[session_id] = l.[request_session_id]
  WHERE l.[request_session_id] = @pid
    AND p.[object_id] = OBJECT_ID(N'tenantry.mapping_fence')
    AND s.[login_time] = @login_time
    AND l.[resource_type] = N'KEY'
    AND l.[resource_database_id] = DB_ID()
    AND l.[request_mode] = N'S'
    AND l.[resource_description] = @resource COLLATE Latin1_General_100_BIN2;
  IF @holds = 0 CONTINUE;
  SET @statement = CONCAT(N'KILL ', @pid);
  BEGIN TRY
    EXEC sys.sp_executesql @statement;
    UPDATE @holders SET [signalled] = 1 WHERE [pid] = @pid;
  END TRY
  BEGIN CATCH
    -- 6106: the session has ended by itself meanwhile.
    IF ERROR_NUMBER() <> 6106 THROW;
  END CATCH;
END;
SELECT h.[pid] AS [pid], h.[signalled] AS [signalled]
FROM @holders AS h;
