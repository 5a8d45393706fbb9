import { randomBytes } from 'node:crypto';
import type { Login, PrincipalName } from '../../core/principal.ts';
import { compileSql } from '../../core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import { passwordOf } from '../password-of.ts';
import { checkLogins, principalGroups, principals } from '../principal-logins.ts';
import type { Provisioner, ProvisionRequest } from '../provisioner.ts';
import { qualifiedProcedures } from '../qualified-procedures.ts';
import { qualifiedTables } from '../qualified-tables.ts';
import { watchingFiles } from '../schema-files.ts';
import { literal } from './literal.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { QueryLibrary } from './query-library.ts';
import { scramVerifier } from './scram-verifier.ts';

const userNames = {
  keyOf: (user: string) => user,
  isReserved: (key: string) =>
    key.startsWith('pg_') || key === 'tenantry_definer' || key === 'tenantry_probe' || key === 'tenantry_watcher',
  knowsEntra: false,
};

/** What a PostgreSQL superuser does once for a shard: `sql/postgres/schema/bootstrap` and what watches it, then the logins. */
export function createPostgresProvisioner(random: (size: number) => Uint8Array = randomBytes): Provisioner {
  const library = new QueryLibrary();
  const script = (name: string): Sql => sqlText(library.script(name).trimEnd().replace(/;$/, ''));
  const file = (name: string): Sql => script(`schema/bootstrap/${name}`);
  const statements = (request: ProvisionRequest, secretOf: (login: Login) => string): Sql[] => {
    checkLogins(request.logins, userNames);
    return [
      file('000-trusted-watching'),
      file('001-roles'),
      ...(request.contextProtection === 'guarded' ? [file('002-guarded-setting')] : []),
      ...principals.flatMap((principal) => loginStatements(principal, request.logins[principal], secretOf)),
      file('003-database'),
      ...watchingFiles.map(script),
      file('005-watching'),
      file('006-watching-rights'),
      ...handOver(request, file('007-owners')),
    ];
  };
  return {
    provision: (request) => statements(request, (login) => scramVerifier(passwordOf(login), random(16))),
    script: (request) => {
      const texts = statements(request, ({ user }) => `<password of ${user}>`).map(
        (statement) => compileSql(statement, postgresDialect).text,
      );
      return ['begin isolation level read committed', ...texts, 'commit'].map((text) => `${text};\n`).join('\n');
    },
  };
}

/** Which there are, and of which names, the script finds. A block of code takes no parameters: it is told by settings of the transaction. */
function handOver({ tables, procedures }: ProvisionRequest, script: Sql): Sql[] {
  const configured = {
    tables: qualifiedTables(tables, postgresDialect).map(({ schema, table }) => ({ schema, table })),
    procedures: qualifiedProcedures(procedures, postgresDialect).map(({ schema, routine }) => ({ schema, routine })),
  };
  const settings = Object.entries(configured).map(
    ([name, places]) => sql`set local ${sql.id('tenantry_watch', name)} to ${literal(JSON.stringify(places))}`,
  );
  return [...settings, script];
}

function loginStatements(principal: PrincipalName, login: Login, secretOf: (login: Login) => string): Sql[] {
  const { user } = login;
  const name = sql.id(user);
  const statements = [
    // `user` is made of letters, digits and _ . @ - (checked above), so it needs no escaping inside quotes.
    sqlText(`do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = '${user}') then
    create role "${user}" login;
  end if;
  alter role "${user}" login;
  if exists (select from pg_catalog.pg_roles where rolname = '${user}' and (rolsuper or rolbypassrls)) then
    raise exception 'The login ${user} is a superuser or bypasses row-level security: name another.' using errcode = 'TN010';
  elsif exists (select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles l on l.oid = m.roleid and l.rolname = '${user}'
                  join pg_catalog.pg_roles r on r.oid = m.member
                 where m.admin_option and not r.rolsuper and r.rolname <> current_user) then
    raise exception 'Of the login ${user} a role is a member with admin option that is neither a superuser nor the one that provisions, and so could become it: revoke that, and provision again.' using errcode = 'TN010';
  end if;
end
$$`),
    sql`alter role ${name} login inherit nocreatedb nocreaterole noreplication password ${sqlText(`'${secretOf(login)}'`)}`,
    sql`grant ${sql.id(principalGroups[principal])} to ${name}`,
  ];
  // What an admin login creates must belong to the group, or a second admin login could not change it.
  if (principal === 'admin') statements.push(sql`alter role ${name} set role = tenantry_admin`);
  else statements.push(sql`grant ${name} to tenantry_probe`);
  if (principal === 'superuser') statements.push(sql`alter role ${name} set default_transaction_read_only = on`);
  return statements;
}
