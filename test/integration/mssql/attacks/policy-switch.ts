import { sql, sqlText } from '../../../../src/core/sql.ts';
import { textLiteral } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { succeeded } from '../../../support/attacks.ts';
import { attempt, show, text } from '../support/attempts.ts';
import { about, rowsOf, type World } from '../support/world.ts';

/** Switching the policy off, or going round it. "CREATE SECURITY POLICY": ALTER ANY SECURITY POLICY, and ALTER on its schema. */
export const policySwitch = {
  'ALTER SECURITY POLICY ... STATE = OFF': attempt(text('ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)')),
  'ALTER SECURITY POLICY ... DROP PREDICATE': attempt(
    text('ALTER SECURITY POLICY [tenantry].[policy_dbo] DROP FILTER PREDICATE ON [dbo].[Blogs]'),
  ),
  'DROP SECURITY POLICY': attempt(text('DROP SECURITY POLICY [tenantry].[policy_dbo]')),
  'ALTER FUNCTION of the predicate': attempt(
    text('ALTER FUNCTION [tenantry].[visible](@tenant int) RETURNS TABLE WITH SCHEMABINDING AS RETURN SELECT 1 AS [allowed]'),
  ),
  'switching off the trigger that refuses definitions': attempt(
    text('DISABLE TRIGGER [tenantry_no_definitions] ON DATABASE'),
    text('ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)'),
  ),
  'ALTER AUTHORIZATION on a table': attempt(
    ({ users }) => about(users.app, 'ALTER AUTHORIZATION ON OBJECT::[dbo].[Posts] TO'),
    text('TRUNCATE TABLE [dbo].[Posts]'),
  ),
  'granting its role a right': attempt(text('GRANT ALTER ON [dbo].[Posts] TO [tenantry_app]'), text('TRUNCATE TABLE [dbo].[Posts]')),
  'DROP TABLE': show('DROP TABLE [dbo].[Posts]'),
  'renaming a table': show("EXEC sys.sp_rename N'dbo.Posts', N'Gone'"),
  'creating a procedure that runs as another': attempt(
    ({ users }) =>
      sql`CREATE PROCEDURE [dbo].[AllNames] WITH EXECUTE AS ${sqlText(textLiteral(users.superuser))} AS SELECT [Name] FROM [dbo].[Blogs]`,
    text(
      'CREATE TABLE #names ([Name] nvarchar(200)); INSERT INTO #names EXEC [dbo].[AllNames]; INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) SELECT 900, MAX([Name]) FROM #names',
    ),
  ),
  'creating a trigger on the table': async (world: World) => {
    await world.asTenant(1, (session) =>
      rowsOf(
        session,
        "CREATE TRIGGER [dbo].[deface] ON [dbo].[Blogs] AFTER INSERT AS UPDATE [dbo].[Blogs] SET [Name] = N'defaced' WHERE [BlogId] = 100",
      ),
    );
    await world.asTenant(2, (session) => rowsOf(session, "INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (100, N'mine')"));
    return succeeded;
  },
  'calling a privileged procedure that nobody gave it': async (world: World) => {
    await world.root.query(
      sql`CREATE OR ALTER PROCEDURE [dbo].[EveryBlog] WITH EXECUTE AS ${sqlText(textLiteral(world.users.superuser))} AS SELECT [Name] FROM [dbo].[Blogs]`,
    );
    return await show('EXEC [dbo].[EveryBlog]')(world);
  },
  // "ALTER USER": a user may change its own default schema, and with it what names mean to every tenant.
  'another default schema for its own user': async (world: World) => {
    await world.asTenant(1, (session) => session.query(about(world.users.app, 'ALTER USER', ' WITH DEFAULT_SCHEMA = [tenantry]')));
    return succeeded;
  },
  'shadowing a table by one in a schema of its own': async (world: World) => {
    await world.asTenant(1, (session) =>
      session.query(sql`CREATE SCHEMA [mine] CREATE TABLE [Blogs] ([BlogId] int, [Name] nvarchar(200))`),
    );
    return succeeded;
  },
  'a synonym in place of a table': async (world: World) => {
    await world.asTenant(1, (session) => session.query(sql`CREATE SYNONYM [dbo].[Orders] FOR [dbo].[Blogs]`));
    return succeeded;
  },
};
