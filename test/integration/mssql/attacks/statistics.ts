import { succeeded } from '../../../support/attacks.ts';
import { obtain, show, type Attack } from '../support/attempts.ts';
import { rowsOf, type World } from '../support/world.ts';

/** Tenant 2 has run a statement with a literal, and is inside still; tenant 1 looks at what sessions do. */
const watch =
  (text: string): Attack =>
  (world) =>
    world.asTenant(2, async (neighbour) => {
      await rowsOf(neighbour, "SELECT N'tenant-2 literal' AS [said]");
      return await show(text)(world);
    });

/** Learning of another tenant from what the server keeps. */
export const statistics = {
  // "Row-Level Security", compatibility: only the owner of a protected table, db_owner, db_ddladmin and sysadmin see its statistics.
  'the histogram of a column, by DBCC': show("DBCC SHOW_STATISTICS (N'dbo.Blogs', N'by_name') WITH HISTOGRAM"),
  // "sys.dm_db_stats_histogram", permissions: SELECT on the columns of the statistics, which app has; "Row-Level Security" says nothing of
  // this view. What is expected is what DBCC does.
  'the histogram of a column, by its view': show(`
    SELECT CAST(h.[range_high_key] AS nvarchar(200)) AS [value]
    FROM sys.stats AS s
    CROSS APPLY sys.dm_db_stats_histogram(s.[object_id], s.[stats_id]) AS h
    WHERE s.[object_id] = OBJECT_ID(N'dbo.Blogs') AND s.[name] = N'by_name'`),
  // "sys.dm_exec_sql_text" and its like: VIEW SERVER STATE for other sessions than the own.
  'the text of another session’s statement': watch(`
    SELECT t.[text] FROM sys.dm_exec_connections AS c CROSS APPLY sys.dm_exec_sql_text(c.[most_recent_sql_handle]) AS t`),
  'the text of another session’s message': watch(`
    SELECT b.[event_info] FROM sys.dm_exec_sessions AS s CROSS APPLY sys.dm_exec_input_buffer(s.[session_id], NULL) AS b
    WHERE s.[session_id] <> @@SPID`),
  'the texts in the cache of plans': watch(`
    SELECT t.[text] FROM sys.dm_exec_cached_plans AS p CROSS APPLY sys.dm_exec_sql_text(p.[plan_handle]) AS t
    WHERE t.[text] LIKE N'%literal%' AND t.[text] NOT LIKE N'%dm[_]exec%'`),
  // "sys.sql_logins": hashes are shown to whoever has CONTROL SERVER.
  'the secrets of logins': obtain(`
    IF NOT EXISTS (SELECT 1 FROM sys.sql_logins WHERE [password_hash] IS NOT NULL) THROW 50001, N'none', 1`),
  // "OPENROWSET BULK": ADMINISTER BULK OPERATIONS, and on Linux sysadmin.
  'files of the server': obtain("SELECT [BulkColumn] FROM OPENROWSET(BULK N'/etc/hosts', SINGLE_CLOB) AS f"),
  'a copy of the database': async (world: World) => {
    await rowsOf(world.app(), "DECLARE @name sysname = DB_NAME(); BACKUP DATABASE @name TO DISK = N'NUL'");
    return succeeded;
  },
};
