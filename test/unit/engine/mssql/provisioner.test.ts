import { expect, test } from 'vitest';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { createMssqlProvisioner } from '../../../../src/engine/mssql/provisioner.ts';

const logins = {
  app: { user: 'shop_app', password: 'a' },
  superuser: { user: 'shop_reports', password: 'b' },
  mover: { user: 'shop_mover', password: 'c' },
  admin: { user: 'shop_admin', password: 'd' },
};

test.each([
  ['DB_Owner', 'the name of its user, DB_Owner, is reserved'],
  ['SA', 'the name of its user, SA, is reserved'],
  ['Tenantry_App', 'the name of its user, Tenantry_App, is reserved'],
  ['Shop_App', 'its user is that of logins.app, and every principal needs a login of its own'],
])('names are compared as SQL Server compares them: %s', (user, why) => {
  const request = { logins: { ...logins, mover: { user, password: 'c' } }, contextProtection: 'guarded' } as const;
  expect(() => createMssqlProvisioner().provision(request)).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIGURATION', detail: `logins.mover: ${why}.` }),
  );
});

test('in a contained database all principals but admin are users of it alone, who enter no other one', () => {
  const texts = createMssqlProvisioner()
    .provision({ logins, contextProtection: 'guarded' })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  const conditionFor = (user: string): string | undefined =>
    texts
      .find((text) => text.includes(`CREATE LOGIN [${user}]`))
      ?.split('\n')
      .at(2);
  const azure = `IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5`;
  const contained = `${azure} OR EXISTS (SELECT 1 FROM sys.databases WHERE [database_id] = DB_ID() AND [containment] = 1)`;
  expect(['shop_app', 'shop_reports', 'shop_mover', 'shop_admin'].map(conditionFor)).toEqual([contained, contained, contained, azure]);
});

// "IS_ROLEMEMBER", permissions: VIEW DEFINITION on the role. Without an answer policies show nothing, and the trigger refuses nobody.
test('whoever is asked whether it is a member of a role may see that role', () => {
  const texts = createMssqlProvisioner()
    .provision({ logins, contextProtection: 'guarded' })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(texts.flatMap((text) => text.match(/GRANT VIEW DEFINITION ON ROLE::.*/g) ?? [])).toEqual(
    ['tenantry_app', 'tenantry_superuser', 'tenantry_mover'].map((role) => `GRANT VIEW DEFINITION ON ROLE::[${role}] TO [${role}];`),
  );
  expect(texts.join('\n')).toMatch(/VIEW DEFINITION, VIEW DATABASE STATE\s+TO \[tenantry_admin\];/);
});

test('tables that are there keep their owners, and with them the rights that others have to them', () => {
  const texts = createMssqlProvisioner()
    .provision({ logins, contextProtection: 'guarded', tables: [{ table: 'Blogs' }, { schema: 'shop', table: "Bob's] Posts" }] })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(texts.filter((text) => text.includes('OBJECT::'))).toEqual([
    `IF OBJECT_ID(N'[dbo].[Blogs]') IS NOT NULL GRANT CONTROL ON OBJECT::[dbo].[Blogs] TO [tenantry_admin] WITH GRANT OPTION;`,
    `IF OBJECT_ID(N'[shop].[Bob''s]] Posts]') IS NOT NULL GRANT CONTROL ON OBJECT::[shop].[Bob's]] Posts] TO [tenantry_admin] WITH GRANT OPTION;`,
  ]);
  const handedOver = texts.flatMap((text) => text.match(/ALTER AUTHORIZATION ON \S+/g) ?? []);
  expect(handedOver).toEqual(['ALTER AUTHORIZATION ON SCHEMA::[tenantry]']);
});

/** Outside of texts, which the server compiles only where they are executed. */
const compiledAtOnce = (text: string): string => text.replace(/N'(?:[^']|'')*'/g, "N''");

test('Azure SQL Database compiles no login, and nothing of master; older servers nothing of the directory', () => {
  const app = { user: 'shop-app@example.com', entra: { kind: 'default' } } as const;
  for (const request of [{ logins }, { logins: { ...logins, app } }]) {
    const texts = createMssqlProvisioner()
      .provision({ ...request, contextProtection: 'guarded' })
      .map((statement) => compileSql(statement, mssqlDialect).text);
    const whole = texts.join('\n');
    expect(whole).toMatch(/CREATE LOGIN \[shop_admin\] WITH PASSWORD = N''d''/);
    expect(compiledAtOnce(whole)).not.toMatch(/(?:CREATE|ALTER) LOGIN|FOR LOGIN|EXTERNAL PROVIDER|\[master\]|GRANT KILL/);
  }
});

test("rights over the whole server are the administrator's to give: printed, and given to nobody", () => {
  const provisioner = createMssqlProvisioner();
  const request = { logins, contextProtection: 'guarded' } as const;
  const given = provisioner.provision(request).map((statement) => compileSql(statement, mssqlDialect).text);
  expect(given.join('\n')).not.toMatch(/SERVER STATE|ANY CONNECTION TO/);
  const [, afterwards] = provisioner.script(request).split('COMMIT TRANSACTION;');
  expect(afterwards).toContain('-- USE [master]; GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO [shop_admin];');
});
