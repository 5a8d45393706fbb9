/** What a statement of one tenant may try to leave in its session, and how the next tenant on that connection would find it. */
export interface SessionResidue {
  readonly title: string;
  /** The first tenant's statement. It may fail. */
  readonly leave: string;
  /** The next tenant's; its one value is `clean`. */
  readonly find: string;
  readonly clean: unknown;
}

/** What only a server can show: the reset before the next use must have taken it away. */
export const sessionResidues: readonly SessionResidue[] = [
  {
    title: 'another key of the context',
    leave: "EXEC sys.sp_set_session_context N'mine', N'left'",
    find: "SELECT CAST(SESSION_CONTEXT(N'mine') AS nvarchar(10)) AS [value]",
    clean: null,
  },
  {
    title: 'bytes of CONTEXT_INFO',
    leave: 'SET CONTEXT_INFO 0x01',
    find: 'SELECT CASE WHEN CONTEXT_INFO() IS NULL OR CONTEXT_INFO() = 0x THEN 0 ELSE 1 END AS [value]',
    clean: 0,
  },
  {
    title: 'a lock of the session',
    leave: "EXEC sys.sp_getapplock @Resource = N'left', @LockMode = N'Exclusive', @LockOwner = N'Session'",
    find: "SELECT APPLOCK_MODE(N'public', N'left', N'Session') AS [value]",
    clean: 'NoLock',
  },
  {
    title: 'a global cursor over its rows',
    leave: 'DECLARE left_behind CURSOR GLOBAL STATIC FOR SELECT [Name] FROM [dbo].[Blogs]; OPEN left_behind',
    find: "SELECT CURSOR_STATUS('global', 'left_behind') AS [value]",
    clean: -3,
  },
  {
    title: 'a temporary table',
    leave: 'SELECT [Name] INTO #left_behind FROM [dbo].[Blogs]',
    find: "SELECT OBJECT_ID(N'tempdb..#left_behind') AS [value]",
    clean: null,
  },
  {
    title: 'a global temporary table',
    leave: 'SELECT [Name] INTO ##left_behind FROM [dbo].[Blogs]',
    find: "SELECT OBJECT_ID(N'tempdb..##left_behind') AS [value]",
    clean: null,
  },
  { title: 'a lock time-out', leave: 'SET LOCK_TIMEOUT 5', find: 'SELECT @@LOCK_TIMEOUT AS [value]', clean: -1 },
  {
    title: 'a priority in deadlocks',
    leave: 'SET DEADLOCK_PRIORITY HIGH',
    find: 'SELECT CAST([deadlock_priority] AS int) AS [value] FROM sys.dm_exec_sessions WHERE [session_id] = @@SPID',
    clean: 0,
  },
  {
    title: 'the last number of an identity column',
    leave: 'CREATE TABLE #numbered ([n] int IDENTITY(7, 1), [x] int); INSERT INTO #numbered ([x]) VALUES (1)',
    find: 'SELECT CAST(@@IDENTITY AS int) AS [value]',
    clean: null,
  },
  { title: 'a language', leave: 'SET LANGUAGE German', find: 'SELECT @@LANGUAGE AS [value]', clean: 'us_english' },
  { title: 'a first day of weeks', leave: 'SET DATEFIRST 3', find: 'SELECT CAST(@@DATEFIRST AS int) AS [value]', clean: 7 },
  {
    title: 'an isolation level',
    leave: 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    find: 'SELECT CAST([transaction_isolation_level] AS int) AS [value] FROM sys.dm_exec_sessions WHERE [session_id] = @@SPID',
    clean: 2,
  },
  { title: 'another database', leave: 'USE tempdb', find: "SELECT IIF(DB_NAME() = N'tempdb', 1, 0) AS [value]", clean: 0 },
  { title: 'statements that are no longer carried out', leave: 'SET NOEXEC ON', find: 'SELECT 1 AS [value]', clean: 1 },
  { title: 'statements that are only described', leave: 'SET FMTONLY ON', find: 'SELECT 1 AS [value]', clean: 1 },
  { title: 'statements that are only parsed', leave: 'SET PARSEONLY ON', find: 'SELECT 1 AS [value]', clean: 1 },
  {
    title: 'fewer rows',
    leave: 'SET ROWCOUNT 1',
    find: 'DECLARE @seen TABLE ([n] int NOT NULL); INSERT INTO @seen ([n]) SELECT v.[n] FROM (VALUES (1), (2)) AS v ([n]); SELECT COUNT(*) AS [value] FROM @seen',
    clean: 2,
  },
];

/** What leaves nothing of itself, however carelessly a connection is handed on. */
export const harmlessResidues: readonly SessionResidue[] = [
  {
    title: 'a security context of its own user',
    leave: 'EXECUTE AS CALLER',
    find: 'SELECT IIF(ORIGINAL_LOGIN() = SUSER_SNAME(), 1, 0) AS [value]',
    clean: 1,
  },
  { title: 'no context, by the reset itself', leave: 'EXEC sys.sp_reset_connection', find: 'SELECT 1 AS [value]', clean: 1 },
];

/** What no statement of a tenant's may do, whatever it is told. */
export const forbiddenStatements: readonly string[] = [
  "EXEC sys.sp_set_session_context N'tenantry.tenant', 2",
  "EXEC sys.sp_set_session_context N'tenantry.tenant', NULL",
  'EXEC [tenantry].[set_context] 2',
  'SELECT [token] FROM [tenantry].[local_mapping]',
  "EXECUTE AS USER = N'dbo'; SELECT 1 AS [one]",
  "EXECUTE AS LOGIN = N'sa'; SELECT 1 AS [one]",
  'ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)',
  'ALTER USER [app] WITH DEFAULT_SCHEMA = [tenantry]',
  'CREATE TABLE [dbo].[Mine] ([id] int NOT NULL)',
  'GOTO nowhere',
];
