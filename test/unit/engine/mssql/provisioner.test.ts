import { expect, test } from 'vitest';
import { proceduresSchema } from '../../../../src/config/procedures-schema.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { createMssqlProvisioner } from '../../../../src/engine/mssql/provisioner.ts';
import { emptyDatabase } from '../../../support/empty-database.ts';

const logins = {
  app: { user: 'shop_app', password: 'a' },
  superuser: { user: 'shop_reports', password: 'b' },
  mover: { user: 'shop_mover', password: 'c' },
  admin: { user: 'shop_admin', password: 'd' },
};

test.each([
  ['DB_Owner', 'the name of its user, DB_Owner, is reserved'],
  ['SA', 'the name of its user, SA, is reserved'],
  ['Guest', 'the name of its user, Guest, is reserved'],
  ['DBO', 'the name of its user, DBO, is reserved'],
  ['Public', 'the name of its user, Public, is reserved'],
  ['SYS', 'the name of its user, SYS, is reserved'],
  ['Tenantry_App', 'the name of its user, Tenantry_App, is reserved'],
  ['Shop_App', 'its user is that of logins.app, and every principal needs a login of its own'],
])('names are compared as SQL Server compares them: %s', (user, why) => {
  const request = { ...emptyDatabase, logins: { ...logins, mover: { user, password: 'c' } } };
  expect(() => createMssqlProvisioner().provision(request)).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIGURATION', detail: `logins.mover: ${why}.` }),
  );
});

test('in a contained database all principals but admin are users of it alone, who enter no other one', () => {
  const texts = createMssqlProvisioner()
    .provision({ ...emptyDatabase, logins })
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
    .provision({ ...emptyDatabase, logins })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(texts.flatMap((text) => text.match(/GRANT VIEW DEFINITION ON ROLE::.*/g) ?? [])).toEqual(
    ['tenantry_app', 'tenantry_superuser', 'tenantry_mover'].map((role) => `GRANT VIEW DEFINITION ON ROLE::[${role}] TO [${role}];`),
  );
  expect(texts.join('\n')).toMatch(/VIEW DEFINITION, VIEW DATABASE STATE\s+TO \[tenantry_admin\];/);
});

test('procedures that are there come under the control of admin, who lets app call them', () => {
  const procedures = proceduresSchema.parse({ 'shop.Close]': { returns: 'nothing' } });
  const texts = createMssqlProvisioner()
    .provision({ ...emptyDatabase, logins, procedures })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(texts.filter((text) => text.includes('ON OBJECT::['))).toEqual([
    `IF OBJECT_ID(N'[shop].[Close]]]') IS NOT NULL GRANT CONTROL ON OBJECT::[shop].[Close]]] TO [tenantry_admin] WITH GRANT OPTION;`,
  ]);
});

test('tables that are there keep their owners, and with them the rights that others have to them', () => {
  const texts = createMssqlProvisioner()
    .provision({ ...emptyDatabase, logins, tables: [{ table: 'Blogs' }, { schema: 'shop', table: "Bob's] Posts" }] })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(texts.filter((text) => text.includes('ON OBJECT::['))).toEqual([
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
      .provision({ ...emptyDatabase, ...request })
      .map((statement) => compileSql(statement, mssqlDialect).text);
    const whole = texts.join('\n');
    expect(whole).toMatch(/CREATE LOGIN \[shop_admin\] WITH PASSWORD = N''d''/);
    expect(compiledAtOnce(whole)).not.toMatch(/(?:CREATE|ALTER) LOGIN|FOR LOGIN|EXTERNAL PROVIDER|\[master\]|GRANT KILL/);
  }
});

test("rights over the whole server are the administrator's to give: printed, and given to nobody", () => {
  const provisioner = createMssqlProvisioner();
  const request = { ...emptyDatabase, logins } as const;
  const given = provisioner.provision(request).map((statement) => compileSql(statement, mssqlDialect).text);
  expect(given.join('\n')).not.toMatch(/SERVER STATE|ANY CONNECTION TO/);
  const [, afterwards] = provisioner.script(request).split('COMMIT TRANSACTION;');
  expect(afterwards).toContain('-- USE [master]; GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO [shop_admin];');
});

/** The statement that makes a principal's login or user. */
const statementFor = (user: string, request: Parameters<ReturnType<typeof createMssqlProvisioner>['provision']>[0]): string =>
  createMssqlProvisioner()
    .provision(request)
    .map((statement) => compileSql(statement, mssqlDialect).text)
    .find((text) => text.includes(`CREATE LOGIN [${user}]`))!;

/** Texts within EXEC (N'…'), as the server executes them. */
const executed = (text: string): string[] =>
  Array.from(text.matchAll(/EXEC \(N'((?:[^']|'')*)'\)/g), ([, inner = '']) => inner.replaceAll("''", "'"));

test('a login with a password, as it is made and made again', () => {
  const text = statementFor('shop_mover', { ...emptyDatabase, logins });
  expect(text.replace(/EXEC \(N'(?:[^']|'')*'\)/g, 'EXEC (…)'))
    .toBe(`IF IS_SRVROLEMEMBER(N'sysadmin', N'shop_mover') = 1 OR IS_ROLEMEMBER(N'db_owner', N'shop_mover') = 1
  THROW 51016, N'The login shop_mover administers the server or the database: name another.', 1;
IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5 OR EXISTS (SELECT 1 FROM sys.databases WHERE [database_id] = DB_ID() AND [containment] = 1)
BEGIN
  IF EXISTS (SELECT 1 FROM sys.database_principals WHERE [principal_id] = DATABASE_PRINCIPAL_ID(N'shop_mover') AND [authentication_type] <> 2)
    THROW 51016, N'The user shop_mover is there already without a password of its own: drop it first.', 1;
  IF DATABASE_PRINCIPAL_ID(N'shop_mover') IS NULL CREATE USER [shop_mover] WITH PASSWORD = N'c', DEFAULT_SCHEMA = [dbo];
  ELSE ALTER USER [shop_mover] WITH PASSWORD = N'c', DEFAULT_SCHEMA = [dbo];
END;
ELSE EXEC (…);`);
  expect(executed(text)).toEqual([
    `IF SUSER_ID(N'shop_mover') IS NULL CREATE LOGIN [shop_mover] WITH PASSWORD = N'c';
  ELSE
  BEGIN
    IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(N'shop_mover') AND [type] = 'S')
      THROW 51016, N'The login shop_mover is there already and is none with a password: drop it first, or name another.', 1;
    IF EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(N'shop_mover') AND [is_disabled] = 1)
      THROW 51016, N'The login shop_mover is disabled: enable it first, or name another.', 1;
    ALTER LOGIN [shop_mover] WITH PASSWORD = N'c';
  END;
  IF EXISTS (
    SELECT 1 FROM sys.database_principals
    WHERE [sid] = SUSER_SID(N'shop_mover') AND (DATABASE_PRINCIPAL_ID(N'shop_mover') IS NULL OR [principal_id] <> DATABASE_PRINCIPAL_ID(N'shop_mover'))
  )
    THROW 51016, N'The login shop_mover is another user of the database already, or its owner: drop that user first, or name another.', 1;
  IF DATABASE_PRINCIPAL_ID(N'shop_mover') IS NULL CREATE USER [shop_mover] FOR LOGIN [shop_mover] WITH DEFAULT_SCHEMA = [dbo];
  ELSE
  BEGIN
    IF EXISTS (
      SELECT 1 FROM sys.database_principals AS u JOIN sys.server_principals AS l ON l.[sid] = u.[sid]
      WHERE u.[principal_id] = DATABASE_PRINCIPAL_ID(N'shop_mover') AND l.[sid] <> SUSER_SID(N'shop_mover')
    )
      THROW 51016, N'The user shop_mover of the database belongs to another login of the server: drop that user first, or name another.', 1;
    IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE [principal_id] = DATABASE_PRINCIPAL_ID(N'shop_mover') AND [sid] = SUSER_SID(N'shop_mover'))
      ALTER USER [shop_mover] WITH LOGIN = [shop_mover];
    ALTER USER [shop_mover] WITH DEFAULT_SCHEMA = [dbo];
  END;`,
  ]);
});

test('a login by Entra ID, as it is made and made again', () => {
  const app = { user: 'shop-app@example.com', entra: { kind: 'default' } } as const;
  const text = statementFor(app.user, { ...emptyDatabase, logins: { ...logins, app } });
  expect(text.replace(/EXEC \(N'(?:[^']|'')*'\)/g, 'EXEC (…)')).toContain(`IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5
BEGIN
  IF EXISTS (SELECT 1 FROM sys.database_principals WHERE [principal_id] = DATABASE_PRINCIPAL_ID(N'shop-app@example.com') AND [authentication_type] <> 4)
    THROW 51016, N'The user shop-app@example.com is there already and does not log in by Entra ID: drop it first.', 1;
  EXEC (…);
END;
ELSE EXEC (…);`);
  const [onAzure, elsewhere] = executed(text);
  expect(onAzure)
    .toBe(`IF DATABASE_PRINCIPAL_ID(N'shop-app@example.com') IS NULL CREATE USER [shop-app@example.com] FROM EXTERNAL PROVIDER WITH DEFAULT_SCHEMA = [dbo];
  ELSE ALTER USER [shop-app@example.com] WITH DEFAULT_SCHEMA = [dbo];`);
  expect(elsewhere).toContain(`IF SUSER_ID(N'shop-app@example.com') IS NULL CREATE LOGIN [shop-app@example.com] FROM EXTERNAL PROVIDER;
  ELSE
  BEGIN
    IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(N'shop-app@example.com') AND [type] IN ('E', 'X'))
      THROW 51016, N'The login shop-app@example.com is there already and is none of Entra ID: drop it first, or name another.', 1;
    IF EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(N'shop-app@example.com') AND [is_disabled] = 1)
      THROW 51016, N'The login shop-app@example.com is disabled: enable it first, or name another.', 1;
  END;
  IF EXISTS (`);
  expect(elsewhere).toMatch(
    /ALTER USER \[shop-app@example\.com\] WITH LOGIN = \[shop-app@example\.com\];\n {4}ALTER USER \[shop-app@example\.com\] WITH DEFAULT_SCHEMA = \[dbo\];\n {2}END;$/,
  );
});

test('every principal becomes a member of its role, and of no other; the user of the routines that see definitions, of admin alone', () => {
  const texts = createMssqlProvisioner()
    .provision({ ...emptyDatabase, logins })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(texts.flatMap((text) => text.match(/ALTER ROLE .*/g) ?? [])).toEqual([
    'ALTER ROLE [tenantry_admin] ADD MEMBER [tenantry_definer];',
    'ALTER ROLE [tenantry_app] ADD MEMBER [shop_app];',
    'ALTER ROLE [tenantry_superuser] ADD MEMBER [shop_reports];',
    'ALTER ROLE [tenantry_mover] ADD MEMBER [shop_mover];',
    'ALTER ROLE [tenantry_admin] ADD MEMBER [shop_admin];',
  ]);
});

test('everything that is made and given, in the order in which each is there for what comes after it; nothing else', () => {
  const texts = createMssqlProvisioner()
    .provision({ ...emptyDatabase, logins, tables: [{ table: 'Blogs' }] })
    .map((statement) => compileSql(statement, mssqlDialect).text.replace(/^--.*\n/gm, ''));
  const made =
    /\b(?:CREATE ROLE|CREATE USER \S+ WITHOUT LOGIN|CREATE SCHEMA|ALTER AUTHORIZATION|GRANT|CREATE OR ALTER|ENABLE TRIGGER|CREATE LOGIN \S+|ALTER ROLE)\b[^;]*/g;
  expect(texts.flatMap((text) => text.match(made) ?? []).map((text) => text.replace(/\s+/g, ' '))).toEqual([
    'CREATE ROLE [tenantry_app]',
    'CREATE ROLE [tenantry_superuser]',
    'CREATE ROLE [tenantry_mover]',
    'CREATE ROLE [tenantry_admin]',
    'CREATE USER [tenantry_definer] WITHOUT LOGIN',
    'CREATE SCHEMA [tenantry] AUTHORIZATION [tenantry_admin]',
    'ALTER AUTHORIZATION ON SCHEMA::[tenantry] TO [tenantry_admin]',
    'GRANT CREATE TABLE, CREATE PROCEDURE, CREATE FUNCTION, CREATE VIEW, ALTER ANY SECURITY POLICY, VIEW DEFINITION, VIEW DATABASE STATE TO [tenantry_admin]',
    'GRANT ALTER, REFERENCES ON SCHEMA::[dbo] TO [tenantry_admin]',
    'GRANT ALTER ON ROLE::[tenantry_admin] TO [tenantry_admin]',
    'GRANT VIEW DEFINITION ON ROLE::[tenantry_app] TO [tenantry_app]',
    'GRANT VIEW DEFINITION ON ROLE::[tenantry_superuser] TO [tenantry_superuser]',
    'GRANT VIEW DEFINITION ON ROLE::[tenantry_mover] TO [tenantry_mover]',
    'GRANT VIEW DEFINITION ON SCHEMA::[tenantry] TO [tenantry_app]',
    'GRANT KILL DATABASE CONNECTION TO [tenantry_admin]',
    'ALTER ROLE [tenantry_admin] ADD MEMBER [tenantry_definer]',
    'GRANT REFERENCES TO [tenantry_definer]',
    'GRANT SELECT ON OBJECT::sys.sql_expression_dependencies TO [tenantry_definer]',
    'GRANT IMPERSONATE ON USER::[tenantry_definer] TO [tenantry_admin]',
    'CREATE OR ALTER TRIGGER [tenantry_no_definitions] ON DATABASE FOR DDL_DATABASE_LEVEL_EVENTS AS SET NOCOUNT ON',
    'ENABLE TRIGGER [tenantry_no_definitions] ON DATABASE',
    expect.stringContaining(
      `CREATE OR ALTER TRIGGER [tenantry_watching] ON DATABASE WITH EXECUTE AS 'tenantry_definer' FOR DDL_DATABASE_LEVEL_EVENTS AS`,
    ),
    'ENABLE TRIGGER [tenantry_watching] ON DATABASE',
    ...Object.entries({ app: 'shop_app', superuser: 'shop_reports', mover: 'shop_mover' }).flatMap(([principal, user]) => [
      expect.stringContaining(`CREATE LOGIN [${user}] WITH PASSWORD`),
      `ALTER ROLE [tenantry_${principal}] ADD MEMBER [${user}]`,
      `GRANT IMPERSONATE ON USER::[${user}] TO [tenantry_admin]`,
    ]),
    expect.stringContaining('CREATE LOGIN [shop_admin] WITH PASSWORD'),
    'ALTER ROLE [tenantry_admin] ADD MEMBER [shop_admin]',
    'GRANT CONTROL ON OBJECT::[dbo].[Blogs] TO [tenantry_admin] WITH GRANT OPTION',
  ]);
});

test('a role or user of Tenantry that is of another kind, and definitions by tenant traffic, are refused', () => {
  const [roles, ...others] = createMssqlProvisioner()
    .provision({ ...emptyDatabase, logins })
    .map((statement) => compileSql(statement, mssqlDialect).text);
  expect(roles).toMatch(
    /WHERE p\.\[name\] IN \(N'tenantry_app', N'tenantry_superuser', N'tenantry_mover', N'tenantry_admin'\) AND p\.\[type\] <> N'R'\n\)\n {2}THROW 51016, /,
  );
  expect(roles).toMatch(
    /p\.\[name\] = N'tenantry_definer' AND \(p\.\[type\] <> N'S' OR p\.\[authentication_type\] <> 0\)\)\n {2}THROW 51016, /,
  );
  expect(others.find((text) => text.includes('CREATE OR ALTER TRIGGER'))).toMatch(
    /\nIF IS_ROLEMEMBER\(N'tenantry_app'\) = 1 THROW 51012, [^\n]*$/,
  );
});

test('the script is all or nothing, holds no password, and says where each belongs', () => {
  const script = createMssqlProvisioner().script({ ...emptyDatabase, logins });
  expect(script.startsWith(':on error exit\nGO\nSET XACT_ABORT ON;\nBEGIN TRANSACTION;\nGO\n')).toBe(true);
  expect(script).not.toMatch(/PASSWORD = N'{1,2}[abcd]'/);
  for (const { user } of Object.values(logins)) expect(script).toContain(`PASSWORD = N'<password of ${user}>'`);
});
