import { compileSql } from '../../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { createMssqlProvisioner } from '../../../src/engine/mssql/provisioner.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';
import { emptyDatabase } from '../../support/empty-database.ts';

const logins = {
  app: { user: 'shop_app', password: "p'w" },
  superuser: { user: 'shop_reports', password: 'x' },
  mover: { user: 'shop_mover', password: 'x' },
  admin: { user: 'shop@admin', password: 'x' },
};

/** What makes the logins of a server, by password and by Entra ID, and the script of it for an administrator. */
export function provisioningTexts(): GeneratedTsql[] {
  const provisioner = createMssqlProvisioner();
  const request = { ...emptyDatabase, logins, tables: [{ table: 'Blogs' }] } as const;
  const statements = provisioner.provision(request).map((statement, index) => ({
    name: `provisioning ${index}`,
    text: compileSql(statement, mssqlDialect).text,
  }));
  const app = { user: 'shop-app@example.com', entra: { kind: 'default' } } as const;
  const byEntra = provisioner.provision({ ...request, logins: { ...logins, app } }).map((statement, index) => ({
    name: `provisioning with Entra ID ${index}`,
    text: compileSql(statement, mssqlDialect).text,
  }));
  // What sqlcmd reads itself is no T-SQL.
  const script = provisioner.script(request).replace(/^:on error exit\n/, '');
  // The compiler sees no text within a text: what EXEC takes stands here by itself.
  const within = [...statements, ...byEntra].flatMap(({ name, text }) =>
    Array.from(text.matchAll(/EXEC \(N'((?:[^']|'')*)'\)/g), ([, inner = ''], index) => ({
      name: `${name}, text ${index}`,
      text: inner.replaceAll("''", "'"),
    })),
  );
  return [...statements, ...byEntra, ...within, { name: 'provisioning script', text: script }];
}
