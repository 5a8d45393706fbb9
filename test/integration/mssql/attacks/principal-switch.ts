import { sql, sqlText } from '../../../../src/core/sql.ts';
import { textLiteral } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { attempt, text } from '../support/attempts.ts';
import { about, type World } from '../support/world.ts';

const as = (who: (users: World['users']) => string, how = '') => {
  return (world: World) => sql`EXECUTE AS USER = ${sqlText(textLiteral(who(world.users)))}${sqlText(how)}`;
};

/** Becoming someone else. "EXECUTE AS": IMPERSONATE on the user or login; "SETUSER": db_owner or sysadmin. */
export const principalSwitch = {
  'EXECUTE AS the superuser principal': attempt(as(({ superuser }) => superuser)),
  'EXECUTE AS admin, for good': attempt(as(({ admin }) => admin, ' WITH NO REVERT')),
  'EXECUTE AS dbo, who switches the policy off': attempt(
    as(() => 'dbo'),
    text('ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)'),
  ),
  'EXECUTE AS a login of the server': attempt(
    text("EXECUTE AS LOGIN = N'sa'"),
    text('ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)'),
  ),
  'dynamic SQL as somebody else': (world: World) =>
    world.asTenant(
      1,
      async (session) =>
        (await session.query(sql`EXEC (N'SELECT * FROM [dbo].[Blogs]') AS USER = ${sqlText(textLiteral(world.users.superuser))}`)).rows,
    ),
  // In one message: the next use of the connection begins with a reset.
  SETUSER: async (world: World) =>
    (await world.app().query(sql`SETUSER ${sqlText(textLiteral(world.users.superuser))}; SELECT * FROM [dbo].[Blogs]`)).rows,
  'leaving its role for another': attempt(
    ({ users }) => about(users.app, 'ALTER ROLE [tenantry_superuser] ADD MEMBER'),
    ({ users }) => about(users.app, 'ALTER ROLE [tenantry_app] DROP MEMBER'),
  ),
  'a user of its own making': attempt(
    text('CREATE USER [second] WITHOUT LOGIN; ALTER ROLE [tenantry_superuser] ADD MEMBER [second]'),
    text("EXECUTE AS USER = N'second'"),
  ),
};
