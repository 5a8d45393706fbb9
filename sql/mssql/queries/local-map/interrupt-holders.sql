-- Ends the sessions that hold the mapping's lock: those that run a statement, which is undone with them, or where `disconnect` says
-- so all of them. The server has nothing milder for a statement of another session than KILL, which it refuses within a transaction
-- (6115): this runs outside one. %%lockres%% is how the server names a row in its table of locks, in a
-- text of its own because it is not documented.
-- @mappingId int
-- @disconnect bit
SET NOCOUNT ON;
DECLARE @resource nvarchar(256);
EXEC sys.sp_executesql
  N'SELECT @resource = %%lockres%% FROM [tenantry].[mapping_fence] WITH (READUNCOMMITTED) WHERE [mapping_id] = @mapping;',
  N'@mapping int, @resource nvarchar(256) OUTPUT', @mapping = @mappingId, @resource = @resource OUTPUT;
DECLARE @holders TABLE ([pid] int NOT NULL PRIMARY KEY, [signalled] bit NOT NULL);
INSERT INTO @holders ([pid], [signalled])
SELECT DISTINCT l.[request_session_id], 0
FROM sys.dm_tran_locks AS l
JOIN sys.partitions AS p ON p.[hobt_id] = l.[resource_associated_entity_id]
WHERE l.[resource_type] = N'KEY'
  AND l.[resource_database_id] = DB_ID()
  AND l.[request_status] = N'GRANT'
  AND l.[request_session_id] <> @@SPID
  AND p.[object_id] = OBJECT_ID(N'tenantry.mapping_fence')
  AND l.[resource_description] = @resource COLLATE Latin1_General_100_BIN2
  AND (@disconnect = 1 OR EXISTS (SELECT 1 FROM sys.dm_exec_requests AS r WHERE r.[session_id] = l.[request_session_id]));

DECLARE @pid int, @statement nvarchar(20);
WHILE 1 = 1
BEGIN
  SET @pid = (SELECT MIN(h.[pid]) FROM @holders AS h WHERE h.[pid] > COALESCE(@pid, 0));
  IF @pid IS NULL BREAK;
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
