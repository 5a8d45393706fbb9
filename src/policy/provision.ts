import type { SqlDatabase } from '../core/session.ts';
import { compileSql, type SqlDialect } from '../core/sql.ts';
import type { Provisioner, ProvisionRequest } from '../engine/provisioner.ts';

/** What a provisioning needs to know; whether passwords appear is decided by what is done with it. */
export type Provisioning = Omit<ProvisionRequest, 'passwords'>;

/** Prepares a shard's server and database, in one transaction. `administrator` is the database as a superuser of its server. */
export async function provision(administrator: SqlDatabase, provisioner: Provisioner, provisioning: Provisioning): Promise<void> {
  await administrator.transaction(async (session) => {
    for (const statement of provisioner.provision({ ...provisioning, passwords: 'verifiers' })) await session.query(statement);
  });
}

/** The same as a script for an administrator to read, complete with the passwords, and run in the shard's database. */
export function provisioningScript(provisioner: Provisioner, dialect: SqlDialect, provisioning: Provisioning): string {
  const statements = provisioner.provision({ ...provisioning, passwords: 'placeholders' });
  return ['begin', ...statements.map((statement) => compileSql(statement, dialect).text), 'commit'].map((text) => `${text};\n`).join('\n');
}
