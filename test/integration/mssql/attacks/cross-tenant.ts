import { sql, sqlText } from '../../../../src/core/sql.ts';
import { show, type Attack } from '../support/attempts.ts';
import { captureBlogs, captureNothing } from '../support/exposures.ts';
import { rowsOf, type World } from '../support/world.ts';

/** A statement of tenant 1 about posts that no filter hides from it: what is left is the BLOCK predicate (33504). */
const unfiltered =
  (text: string): Attack =>
  async (world) => {
    const filter = sql`FILTER PREDICATE`;
    await world.root.query(sql`ALTER SECURITY POLICY [tenantry].[policy_dbo] DROP ${filter} ON [dbo].[Posts]`);
    try {
      return await show(text)(world);
    } finally {
      await world.root.query(
        sql`ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD ${filter} [tenantry].[visible]([TenantId]) ON [dbo].[Posts]`,
      );
    }
  };

/** What stands beside the tables; then a statement of tenant 1. */
const beside =
  (made: readonly string[], text: string): Attack =>
  async (world) => {
    for (const statement of made) await world.root.query(sqlText(statement));
    return await show(text)(world);
  };

/** The rows of another tenant, by every kind of statement. */
export const rowsOfAnother = {
  'reading by key': show('SELECT * FROM [dbo].[Blogs] WHERE [TenantId] = 2 AND [BlogId] = 1'),
  'reading through a join, a sub-select, an APPLY and a set operation': show(`
    SELECT b.[Name], (SELECT STRING_AGG(p.[Title], N',') FROM [dbo].[Posts] AS p) AS [titles], l.[names]
    FROM [dbo].[Blogs] AS b
    LEFT JOIN [dbo].[Posts] AS p ON p.[BlogId] >= b.[BlogId]
    CROSS APPLY (SELECT STRING_AGG(o.[Name], N',') AS [names] FROM [dbo].[Blogs] AS o) AS l
    UNION ALL
    SELECT o.[Name], NULL, NULL FROM [dbo].[Blogs] AS o`),
  'reading with a condition that is always true': show('SELECT * FROM [dbo].[Blogs] WHERE [TenantId] = 1 OR 1 = 1'),
  'reading without locks, by an index that it names': show('SELECT * FROM [dbo].[Blogs] WITH (READUNCOMMITTED, INDEX (1))'),
  'reading as one text of JSON and XML': show(
    'SELECT (SELECT * FROM [dbo].[Blogs] FOR JSON PATH) AS [json], (SELECT * FROM [dbo].[Blogs] FOR XML PATH) AS [xml]',
  ),
  'reading by dynamic SQL': show("EXEC (N'SELECT * FROM [dbo].[Blogs]')"),
  'reading into a temporary table': show('SELECT * INTO #all FROM [dbo].[Blogs]; SELECT * FROM #all'),
  'reading by a cursor': show(`
    DECLARE @name nvarchar(200), @names nvarchar(max) = N'';
    DECLARE each_blog CURSOR LOCAL DYNAMIC FOR SELECT [Name] FROM [dbo].[Blogs];
    OPEN each_blog;
    FETCH NEXT FROM each_blog INTO @name;
    WHILE @@FETCH_STATUS = 0
    BEGIN
      SET @names += @name;
      FETCH NEXT FROM each_blog INTO @name;
    END;
    SELECT @names AS [names]`),
  'reading by a view of somebody else': beside(
    ['CREATE OR ALTER VIEW [dbo].[EveryName] AS SELECT [Name] FROM [dbo].[Blogs]', 'GRANT SELECT ON [dbo].[EveryName] TO [tenantry_app]'],
    'SELECT * FROM [dbo].[EveryName]',
  ),
  // "Row-Level Security", compatibility: the policy of a table is not that of its history.
  'reading the history of a temporal table': beside(
    [
      `IF OBJECT_ID(N'dbo.Prices') IS NULL CREATE TABLE [dbo].[Prices] (
        [TenantId] int NOT NULL PRIMARY KEY, [Of] nvarchar(50) NOT NULL,
        [From] datetime2 GENERATED ALWAYS AS ROW START NOT NULL, [To] datetime2 GENERATED ALWAYS AS ROW END NOT NULL,
        PERIOD FOR SYSTEM_TIME ([From], [To])) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = [dbo].[PricesBefore]))`,
      "INSERT INTO [dbo].[Prices] ([TenantId], [Of]) VALUES (2, N'tenant-2 price')",
      'DELETE FROM [dbo].[Prices]',
      'GRANT SELECT ON [dbo].[Prices] TO [tenantry_app]',
    ],
    'SELECT [Of] FROM [dbo].[Prices] FOR SYSTEM_TIME ALL',
  ),
  // "Row-Level Security", compatibility: change tracking shows keys of rows that the predicate hides.
  'reading which rows have changed': async (world: World) => {
    for (const statement of [
      `IF NOT EXISTS (SELECT 1 FROM sys.change_tracking_databases WHERE [database_id] = DB_ID())
        ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 3 DAYS, AUTO_CLEANUP = ON)`,
      `IF NOT EXISTS (SELECT 1 FROM sys.change_tracking_tables WHERE [object_id] = OBJECT_ID(N'dbo.Blogs'))
        ALTER TABLE [dbo].[Blogs] ENABLE CHANGE_TRACKING`,
    ])
      await world.root.query(sqlText(statement));
    await world.asTenant(2, (session) => rowsOf(session, 'UPDATE [dbo].[Blogs] SET [Name] = [Name]'));
    return await show("SELECT CONCAT(N'tenant-', c.[TenantId]) AS [of] FROM CHANGETABLE(CHANGES [dbo].[Blogs], 0) AS c")(world);
  },
  // "Row-Level Security", compatibility: change data capture shows whole rows to everybody who reads the table, where no role gates it.
  'reading what change data capture keeps': async (world: World) => {
    for (const statement of captureBlogs(null)) await world.root.query(sqlText(statement));
    try {
      await world.asTenant(2, (session) => rowsOf(session, 'UPDATE [dbo].[Blogs] SET [Name] = [Name]'));
      // 22903: the server's own job is at it.
      await world.root.query(sqlText('BEGIN TRY EXEC sys.sp_cdc_scan; END TRY BEGIN CATCH IF ERROR_NUMBER() <> 22903 THROW; END CATCH'));
      const traffic = await world.traffic();
      return await traffic.query(
        1,
        `DECLARE @first binary(10) = sys.fn_cdc_get_min_lsn(N'dbo_Blogs'), @last binary(10) = sys.fn_cdc_get_max_lsn();
        SELECT c.[Name] FROM [cdc].[fn_cdc_get_all_changes_dbo_Blogs](@first, @last, N'all') AS c`,
      );
    } finally {
      await world.root.query(sqlText(captureNothing));
    }
  },
  'inserting for another tenant': show("INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name]) VALUES (2, 100, N'forged')"),
  'inserting many rows, one of them for another tenant': show(
    "INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name]) VALUES (1, 100, N'own'), (2, 100, N'forged'), (1, 101, N'own')",
  ),
  'inserting the rows of a query for another tenant': show(
    "INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name]) SELECT DISTINCT 2, [BlogId] + 100, N'forged' FROM [dbo].[Blogs]",
  ),
  'inserting what dynamic SQL gives for another tenant': show(
    "INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name]) EXEC (N'SELECT 2, 100, N''forged''')",
  ),
  'inserting from OPENJSON for another tenant': show(`
    INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name])
    SELECT j.[TenantId], j.[BlogId], j.[Name]
    FROM OPENJSON(N'[{"TenantId":2,"BlogId":100,"Name":"forged"}]') WITH ([TenantId] int, [BlogId] int, [Name] nvarchar(200)) AS j`),
  // "Row-Level Security": AFTER INSERT predicates apply to bulk inserts as to every other.
  'bulk loading for another tenant': (world: World) => world.load(1, [[2, 100, 'forged']]),
  'moving a row of its own to another tenant': show(
    'UPDATE [dbo].[Blogs] SET [TenantId] = 2, [BlogId] = 100 WHERE [TenantId] = 1 AND [BlogId] = 2',
  ),
  'updating rows of another tenant': show("UPDATE [dbo].[Blogs] SET [Name] = N'defaced' WHERE [TenantId] = 2"),
  'updating rows of another tenant that no filter hides': unfiltered("UPDATE [dbo].[Posts] SET [Title] = N'defaced' WHERE [TenantId] = 2"),
  'updating through a join': show(`
    UPDATE b SET b.[Name] = N'defaced'
    FROM [dbo].[Blogs] AS b
    JOIN [dbo].[Posts] AS p ON p.[TenantId] = b.[TenantId]
    WHERE b.[TenantId] = 2`),
  'updating through a common table expression': show(
    "WITH theirs AS (SELECT [Name] FROM [dbo].[Blogs] WHERE [TenantId] = 2) UPDATE theirs SET [Name] = N'defaced'",
  ),
  'having OUTPUT show what another tenant has': show('UPDATE [dbo].[Blogs] SET [Name] = [Name] OUTPUT deleted.[Name] WHERE [TenantId] = 2'),
  'deleting rows of another tenant': show('DELETE FROM [dbo].[Posts] WHERE [TenantId] = 2'),
  'deleting rows of another tenant that no filter hides': unfiltered('DELETE FROM [dbo].[Posts] WHERE [TenantId] = 2'),
  'deleting through a join': show(`
    DELETE p FROM [dbo].[Posts] AS p JOIN [dbo].[Blogs] AS b ON b.[TenantId] = p.[TenantId] AND b.[BlogId] = p.[BlogId]
    WHERE b.[TenantId] = 2`),
  'merging into another tenant': show(`
    MERGE INTO [dbo].[Blogs] AS b
    USING (VALUES (2, 1), (2, 100)) AS s ([tenant], [blog]) ON b.[TenantId] = s.[tenant] AND b.[BlogId] = s.[blog]
    WHEN MATCHED THEN UPDATE SET [Name] = N'defaced'
    WHEN NOT MATCHED THEN INSERT ([TenantId], [BlogId], [Name]) VALUES (s.[tenant], s.[blog], N'forged');`),
  'merging a row of its own into another tenant': show(`
    MERGE INTO [dbo].[Blogs] AS b
    USING (VALUES (1, 2)) AS s ([tenant], [blog]) ON b.[TenantId] = s.[tenant] AND b.[BlogId] = s.[blog]
    WHEN MATCHED THEN UPDATE SET [TenantId] = 2, [BlogId] = 100;`),
  'merging rows of another tenant away': show(`
    MERGE INTO [dbo].[Posts] AS p
    USING (VALUES (2, 21)) AS s ([tenant], [post]) ON p.[TenantId] = s.[tenant] AND p.[PostId] = s.[post]
    WHEN MATCHED THEN DELETE OUTPUT deleted.[Title];`),
  'locking a row of another tenant': show('SELECT * FROM [dbo].[Blogs] WITH (UPDLOCK, ROWLOCK) WHERE [TenantId] = 2'),
  // "TRUNCATE TABLE", permissions: ALTER on the table.
  truncating: show('TRUNCATE TABLE [dbo].[Posts]'),
  // "ALTER TABLE", SWITCH: ALTER on both tables.
  'switching its rows out into another table': async (world: World) => {
    await world.root.query(
      sqlText(`IF OBJECT_ID(N'dbo.Taken') IS NULL CREATE TABLE [dbo].[Taken] (
      [TenantId] int NOT NULL, [PostId] int NOT NULL, [BlogId] int NOT NULL, [Title] nvarchar(200) NOT NULL,
      CONSTRAINT [Taken_key] PRIMARY KEY ([TenantId], [PostId]),
      CONSTRAINT [Taken_blog] FOREIGN KEY ([TenantId], [BlogId]) REFERENCES [dbo].[Blogs] ([TenantId], [BlogId]))`),
    );
    await world.root.query(sqlText('GRANT SELECT ON [dbo].[Taken] TO [tenantry_app]'));
    return await world.asTenant(1, async (session) => {
      await rowsOf(session, 'ALTER TABLE [dbo].[Posts] SWITCH TO [dbo].[Taken]');
      return await rowsOf(session, 'SELECT [Title] FROM [dbo].[Taken]');
    });
  },
};
