import type { TenantryConfig } from '../../../src/config.ts';
import { configuration } from '../configuration.ts';

type Method = 'Get' | 'Post' | 'Patch' | 'Delete';
type PolicyConfig = NonNullable<TenantryConfig['policies']>[string];

/** One of the user's roles has the right to a method of an API: two tables deep, which takes each engine's own words. */
function may(api: string, method: Method): NonNullable<PolicyConfig['rows']> {
  return {
    raw: {
      postgres: {
        sql: `exists (
  select from public."UserRoles" u join public."RoleRights" r on r."TenantId" = u."TenantId" and r."Role" = u."Role"
   where u."TenantId" = (select tenantry.current_tenant()) and u."UserId" = (select tenantry.context_value('userId'))
     and r."Api" = '${api}' and r."Can${method}")`,
      },
      mssql: {
        sql: `EXISTS (
  SELECT 1 FROM [dbo].[UserRoles] AS u JOIN [dbo].[RoleRights] AS r ON r.[TenantId] = u.[TenantId] AND r.[Role] = u.[Role]
   WHERE u.[TenantId] = tenantry.current_tenant() AND u.[UserId] = (SELECT v.value FROM tenantry.context_value(N'userId') AS v)
     AND r.[Api] = N'${api}' AND r.[Can${method}] = 1)`,
      },
    },
    columns: [],
  };
}

/** What the methods of an API need, each by itself. */
function rightsTo(api: string, table: string): PolicyConfig {
  return { on: table, read: may(api, 'Get'), insert: may(api, 'Post'), update: may(api, 'Patch'), delete: may(api, 'Delete') };
}

/** Users and what their roles may do, as rows of the database: administrators, developers and everybody else. */
export const rolesConfig = configuration('roles', {
  map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
  context: {
    userId: { type: 'string', claim: 'sub' },
    duties: { type: 'strings', claim: 'duties' },
  },
  tables: {
    Users: { tenant: 'TenantId' },
    Accounts: { tenant: 'TenantId' },
    UserRoles: { tenant: 'TenantId' },
    RoleRights: { tenant: 'TenantId' },
  },
  policies: {
    users: rightsTo('users', 'Users'),
    accounts: rightsTo('accounts', 'Accounts'),
    // Who may write these decides who may do what; a role that they give themselves is none of theirs.
    granting: { on: ['UserRoles', 'RoleRights'], write: { role: 'operator', in: 'duties' } },
  },
});
