import type { Login, PrincipalName } from '../../core/principal.ts';
import { compileSql } from '../../core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import { passwordOf } from '../password-of.ts';
import { checkLogins, principalGroups, principals } from '../principal-logins.ts';
import type { Provisioner, ProvisionRequest } from '../provisioner.ts';
import { qualifiedProcedures } from '../qualified-procedures.ts';
import { qualifiedTables } from '../qualified-tables.ts';
import { mssqlDialect, textLiteral } from './mssql-dialect.ts';
import { QueryLibrary } from './query-library.ts';

/** The server's own principals. */
const ownPrincipals: ReadonlySet<string> = new Set(['sa', 'dbo', 'guest', 'public', 'sys']);
const userNames = {
  keyOf: (user: string) => user.toLowerCase(),
  isReserved: (key: string) => key.startsWith('db_') || ownPrincipals.has(key),
  knowsEntra: true,
};

/** What an administrator of a SQL Server does once for a shard: `sql/mssql/schema/bootstrap`, then the logins. */
export function createMssqlProvisioner(library: QueryLibrary = new QueryLibrary()): Provisioner {
  const file = (name: string): Sql[] => library.script(`schema/bootstrap/${name}`).map((batch) => sqlText(batch));
  const statements = (request: ProvisionRequest, secretOf: (login: Login) => string): Sql[] => {
    checkLogins(request.logins, userNames);
    return [
      ...file('001-roles'),
      ...file('003-database'),
      ...file('004-no-definitions'),
      ...file('005-watching'),
      ...principals.flatMap((principal) => loginStatements(principal, request.logins[principal], secretOf)),
      ...qualifiedTables(request.tables, mssqlDialect).map(({ schema, table }) => controlledByAdmin(schema, table)),
      ...qualifiedProcedures(request.procedures, mssqlDialect).map(({ schema, routine }) => controlledByAdmin(schema, routine)),
    ];
  };
  return {
    provision: (request) => statements(request, passwordOf),
    script: (request) => {
      const texts = statements(request, ({ user }) => `<password of ${user}>`).map((statement) => compileSql(statement, mssqlDialect).text);
      const optional = serverRights(request.logins.admin);
      // sqlcmd and SSMS in SQLCMD mode stop at the first error; XACT_ABORT has rolled back by then.
      return [':on error exit', 'SET XACT_ABORT ON;\nBEGIN TRANSACTION;', ...texts, 'COMMIT TRANSACTION;', optional, ''].join('\nGO\n');
    },
  };
}

/** On Azure SQL Database (edition 5) a user carries its own password; elsewhere it is a login's of the server. */
const isAzure = sqlText(`CAST(SERVERPROPERTY(N'EngineEdition') AS int) = 5`);
/** Users of a contained database carry theirs too, and enter no other database (docs/decisions/009-other-databases.md). */
const isContained = sqlText('EXISTS (SELECT 1 FROM sys.databases WHERE [database_id] = DB_ID() AND [containment] = 1)');

function loginStatements(principal: PrincipalName, login: Login, secretOf: (login: Login) => string): Sql[] {
  const name = sql.id(login.user);
  const text = sqlText(textLiteral(login.user));
  return [
    sql`IF IS_SRVROLEMEMBER(N'sysadmin', ${text}) = 1 OR IS_ROLEMEMBER(N'db_owner', ${text}) = 1
  ${refusal(`The login ${login.user} administers the server or the database: name another`)}
${login.entra === undefined ? passwordUser(principal, login.user, secretOf(login)) : entraUser(login.user)}`,
    sql`ALTER ROLE ${sql.id(principalGroups[principal])} ADD MEMBER ${name};`,
    // So that admin may try within its own transaction what each of the others may.
    ...(principal === 'admin' ? [] : [sql`GRANT IMPERSONATE ON USER::${name} TO ${sql.id(principalGroups.admin)};`]),
  ];
}

function passwordUser(principal: PrincipalName, user: string, secret: string): Sql {
  const name = sql.id(user);
  const text = sqlText(textLiteral(user));
  const password = sqlText(textLiteral(secret));
  // admin may be given rights of the server, which only logins can have.
  const carriesPassword = principal === 'admin' ? isAzure : sql`${isAzure} OR ${isContained}`;
  return sql`IF ${carriesPassword}
BEGIN
  IF EXISTS (SELECT 1 FROM sys.database_principals WHERE [principal_id] = DATABASE_PRINCIPAL_ID(${text}) AND [authentication_type] <> 2)
    ${refusal(`The user ${user} is there already without a password of its own: drop it first`)}
  IF DATABASE_PRINCIPAL_ID(${text}) IS NULL CREATE USER ${name} WITH PASSWORD = ${password}, DEFAULT_SCHEMA = [dbo];
  ELSE ALTER USER ${name} WITH PASSWORD = ${password}, DEFAULT_SCHEMA = [dbo];
END;
ELSE ${asText(sql`IF SUSER_ID(${text}) IS NULL CREATE LOGIN ${name} WITH PASSWORD = ${password};
  ELSE
  BEGIN
    IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(${text}) AND [type] = 'S')
      ${refusal(`The login ${user} is there already and is none with a password: drop it first, or name another`)}
    ${refusedWhereDisabled(user)}
    ALTER LOGIN ${name} WITH PASSWORD = ${password};
  END;
  ${userOfLogin(user)}`)};`;
}

/** A login that somebody has disabled is not let in again by the way. */
function refusedWhereDisabled(user: string): Sql {
  return sql`IF EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(${sqlText(textLiteral(user))}) AND [is_disabled] = 1)
      ${refusal(`The login ${user} is disabled: enable it first, or name another`)}`;
}

/**
 * The login's user in the database. One that is there already may be that of another login, of this name, on the server that the
 * database was restored from, but not of one that is here; and may have had its default schema changed, by which names would mean
 * other tables.
 */
function userOfLogin(user: string): Sql {
  const name = sql.id(user);
  const text = sqlText(textLiteral(user));
  return sql`IF EXISTS (
    SELECT 1 FROM sys.database_principals
    WHERE [sid] = SUSER_SID(${text}) AND (DATABASE_PRINCIPAL_ID(${text}) IS NULL OR [principal_id] <> DATABASE_PRINCIPAL_ID(${text}))
  )
    ${refusal(`The login ${user} is another user of the database already, or its owner: drop that user first, or name another`)}
  IF DATABASE_PRINCIPAL_ID(${text}) IS NULL CREATE USER ${name} FOR LOGIN ${name} WITH DEFAULT_SCHEMA = [dbo];
  ELSE
  BEGIN
    IF EXISTS (
      SELECT 1 FROM sys.database_principals AS u JOIN sys.server_principals AS l ON l.[sid] = u.[sid]
      WHERE u.[principal_id] = DATABASE_PRINCIPAL_ID(${text}) AND l.[sid] <> SUSER_SID(${text})
    )
      ${refusal(`The user ${user} of the database belongs to another login of the server: drop that user first, or name another`)}
    IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE [principal_id] = DATABASE_PRINCIPAL_ID(${text}) AND [sid] = SUSER_SID(${text}))
      ALTER USER ${name} WITH LOGIN = ${name};
    ALTER USER ${name} WITH DEFAULT_SCHEMA = [dbo];
  END;`;
}

/** Ends the provisioning; whoever runs it is told the text, which says what is in the way, and holds no quote. */
function refusal(text: string): Sql {
  return sql`THROW 51016, ${sqlText(textLiteral(`${text}.`))}, 1;`;
}

/**
 * What one edition alone knows is compiled only there: elsewhere the server would refuse the whole batch, branches that do not run
 * included.
 */
function asText(statements: Sql): Sql {
  return sqlText(`EXEC (${textLiteral(compileSql(statements, mssqlDialect).text)})`);
}

/** The identity is found in the directory by its name, by an administrator who is in the directory himself. */
function entraUser(user: string): Sql {
  const name = sql.id(user);
  const text = sqlText(textLiteral(user));
  return sql`IF ${isAzure}
BEGIN
  IF EXISTS (SELECT 1 FROM sys.database_principals WHERE [principal_id] = DATABASE_PRINCIPAL_ID(${text}) AND [authentication_type] <> 4)
    ${refusal(`The user ${user} is there already and does not log in by Entra ID: drop it first`)}
  ${asText(sql`IF DATABASE_PRINCIPAL_ID(${text}) IS NULL CREATE USER ${name} FROM EXTERNAL PROVIDER WITH DEFAULT_SCHEMA = [dbo];
  ELSE ALTER USER ${name} WITH DEFAULT_SCHEMA = [dbo];`)};
END;
ELSE ${asText(sql`IF SUSER_ID(${text}) IS NULL CREATE LOGIN ${name} FROM EXTERNAL PROVIDER;
  ELSE
  BEGIN
    IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE [principal_id] = SUSER_ID(${text}) AND [type] IN ('E', 'X'))
      ${refusal(`The login ${user} is there already and is none of Entra ID: drop it first, or name another`)}
    ${refusedWhereDisabled(user)}
  END;
  ${userOfLogin(user)}`)};`;
}

/** What an administrator may add by hand where a login is the server's: without it nobody's session is ended by Tenantry. */
function serverRights({ user }: Login): string {
  return `-- Optional, not on Azure SQL Database, and a right over the whole server: \`tenantry tenant offline --force\` finds the sessions that
-- hold a tenant and ends them, and \`tenantry doctor\` sees how connections are encrypted. Whoever has it sees and ends everybody's.
-- USE [master]; GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO ${mssqlDialect.quote(user)};`;
}

/**
 * What it takes to put policies on a table, change its default and give rights to it, or to a procedure. Its owner stays: with another one
 * every right to it that anybody has would be gone (*ALTER AUTHORIZATION*), and routines of the old owner would reach it no more.
 */
function controlledByAdmin(schema: string, object: string): Sql {
  const name = sql.id(schema, object);
  const literal = sqlText(textLiteral(compileSql(name, mssqlDialect).text));
  return sql`IF OBJECT_ID(${literal}) IS NOT NULL GRANT CONTROL ON OBJECT::${name} TO ${sql.id(principalGroups.admin)} WITH GRANT OPTION;`;
}
