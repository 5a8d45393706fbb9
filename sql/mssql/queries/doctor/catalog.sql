-- What of the catalog's database endangers the shard map, or holds up who looks into it: no row where all is well.
SELECT s.[level] AS [level], s.[text] AS [text], s.[remedy] AS [remedy], s.[advice] AS [advice]
FROM sys.databases AS d
CROSS APPLY (VALUES
  (CASE WHEN d.[delayed_durability] = 2 THEN 1 END, N'problem',
    N'Commits are acknowledged before they are on the disk (DELAYED_DURABILITY is FORCED): a crash loses changes that shards have followed already',
    N'ALTER DATABASE CURRENT SET DELAYED_DURABILITY = DISABLED', NULL),
  (CASE WHEN d.[compatibility_level] < 130 THEN 1 END, N'problem',
    N'The compatibility level is below 130: operations that ended long ago cannot be forgotten, as lists are read from JSON (OPENJSON)',
    N'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150', NULL),
  (CASE WHEN d.[is_read_committed_snapshot_on] = 0 THEN 1 END, N'warning',
    N'Look-ups of tenants wait for changes of their mappings (READ_COMMITTED_SNAPSHOT is off)',
    N'ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON', N'with the services stopped: it waits until no other connection is left'),
  (CASE WHEN d.[is_auto_close_on] = 1 THEN 1 END, N'warning',
    N'The database is closed whenever its last connection ends (AUTO_CLOSE is on): the next one waits until it is open again',
    N'ALTER DATABASE CURRENT SET AUTO_CLOSE OFF', NULL)
) AS s ([applies], [level], [text], [remedy], [advice])
-- By its name: on Azure SQL Database DB_ID() is of another numbering than this view.
WHERE d.[name] = DB_NAME() AND s.[applies] = 1;
