import type { SqlDatabase } from '../core/session.ts';
import type { Provisioner, ProvisionRequest } from '../engine/provisioner.ts';

/** Prepares a shard's server and database, in one transaction. `administrator` is the database as a superuser of its server. */
export async function provision(administrator: SqlDatabase, provisioner: Provisioner, request: ProvisionRequest): Promise<void> {
  await administrator.transaction(async (session) => {
    for (const statement of provisioner.provision(request)) await session.query(statement);
  });
}
