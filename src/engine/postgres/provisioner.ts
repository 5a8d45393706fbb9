import { randomBytes } from 'node:crypto';
import { TenantryError } from '../../core/errors.ts';
import type { Login, PrincipalName } from '../../core/principal.ts';
import { compileSql, sql, sqlText, type Sql } from '../../core/sql.ts';
import type { Provisioner, ProvisionRequest } from '../provisioner.ts';
import { qualifiedTables } from '../qualified-tables.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { QueryLibrary } from './query-library.ts';
import { scramVerifier } from './scram-verifier.ts';

const groups: Readonly<Record<PrincipalName, string>> = {
  app: 'tenantry_app',
  superuser: 'tenantry_superuser',
  mover: 'tenantry_mover',
  admin: 'tenantry_admin',
};

/** What a PostgreSQL superuser does once for a shard: `sql/postgres/schema/bootstrap`, then the logins. */
export function createPostgresProvisioner(random: (size: number) => Uint8Array = randomBytes): Provisioner {
  const library = new QueryLibrary();
  const file = (name: string): Sql => sqlText(library.script(`schema/bootstrap/${name}`).trimEnd().replace(/;$/, ''));
  const statements = (request: ProvisionRequest, secretOf: (login: Login) => string): Sql[] => {
    checkLogins(request.logins);
    return [
      file('001-roles'),
      ...(request.contextProtection === 'guarded' ? [file('002-guarded-setting')] : []),
      file('003-database'),
      ...(Object.keys(groups) as PrincipalName[]).flatMap((principal) => loginStatements(principal, request.logins[principal], secretOf)),
      ...qualifiedTables(request.tables ?? [], postgresDialect).map(
        ({ schema, table }) => sql`alter table if exists ${sql.id(schema, table)} owner to ${sql.id(groups.admin)}`,
      ),
    ];
  };
  return {
    provision: (request) => statements(request, ({ password }) => scramVerifier(password, random(16))),
    script: (request) => {
      const texts = statements(request, ({ user }) => `<password of ${user}>`).map(
        (statement) => compileSql(statement, postgresDialect).text,
      );
      return ['begin', ...texts, 'commit'].map((text) => `${text};\n`).join('\n');
    },
  };
}

function checkLogins(logins: Readonly<Record<PrincipalName, Login>>): void {
  const taken = new Map<string, string>();
  for (const [principal, { user, password }] of Object.entries(logins)) {
    const problem = userProblem(user, taken.get(user)) ?? (password === '' ? 'its password is empty' : undefined);
    if (problem !== undefined) throw new TenantryError('INVALID_CONFIGURATION', `logins.${principal}: ${problem}.`);
    taken.set(user, principal);
  }
}

function userProblem(user: string, sharedWith: string | undefined): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_.@-]{0,62}$/.test(user))
    return 'its user must be 1 to 63 letters, digits, or any of _ . @ -, and begin with a letter or _';
  if (user.startsWith('pg_') || (user.startsWith('tenantry_') && reserved.has(user))) return `the name of its user, ${user}, is reserved`;
  if (sharedWith !== undefined) return `its user is that of logins.${sharedWith}, and every principal needs a login of its own`;
  return undefined;
}

const reserved: ReadonlySet<string> = new Set([...Object.values(groups), 'tenantry_definer']);

function loginStatements(principal: PrincipalName, login: Login, secretOf: (login: Login) => string): Sql[] {
  const { user } = login;
  const name = sql.id(user);
  const statements = [
    // `user` is made of letters, digits and _ . @ - (checked above), so it needs no escaping inside quotes.
    sqlText(`do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = '${user}') then
    create role "${user}" login;
  elsif exists (select from pg_catalog.pg_roles where rolname = '${user}' and (rolsuper or rolbypassrls)) then
    raise exception 'role ${user} is a superuser or bypasses row-level security';
  end if;
end
$$`),
    sql`alter role ${name} login inherit nocreatedb nocreaterole noreplication password ${sqlText(`'${secretOf(login)}'`)}`,
    sql`grant ${sql.id(groups[principal])} to ${name}`,
  ];
  // What an admin login creates must belong to the group, or a second admin login could not change it.
  if (principal === 'admin') statements.push(sql`alter role ${name} set role = tenantry_admin`);
  if (principal === 'superuser') statements.push(sql`alter role ${name} set default_transaction_read_only = on`);
  return statements;
}
