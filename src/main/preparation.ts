import type { ShardPreparation } from '../cli/services.ts';
import type { Settings } from '../config.ts';
import { TenantryError } from '../core/errors.ts';
import type { Login } from '../core/principal.ts';
import type { SqlDatabase } from '../core/session.ts';
import type { ShardAddress } from '../core/shard-address.ts';
import { SqlFailure } from '../engine/sql-failure.ts';
import { provision, provisioningScript } from '../policy/provision.ts';
import { engineOf, type Engines } from './engines.ts';

/** Prepares servers and databases to be shards. */
export function createPreparation(engines: Engines): ShardPreparation {
  return {
    isPrepared: ({ logins }, address) =>
      withDatabase(engines, address, logins.admin, async (database) => {
        const { rows } = await database.run<{ prepared: boolean }>('policy/shard-schema');
        return rows[0]?.prepared === true;
      }).catch((error: unknown) => {
        if (isRefusedLogin(error)) return false;
        throw named(error, address);
      }),
    prepare: async ({ logins, contextProtection, tables }: Settings, address, superuser) => {
      const { provisioner } = engineOf(engines, address);
      try {
        await withDatabase(engines, address, superuser, (database) =>
          provision(database, provisioner, { logins, contextProtection, tables }),
        );
      } catch (error) {
        throw isRefusedLogin(error)
          ? new TenantryError('FORBIDDEN', `The server at ${address.host}:${address.port} does not let the superuser of --bootstrap in.`)
          : named(error, address);
      }
    },
    script: ({ logins, contextProtection, tables }, address) => {
      const { provisioner, dialect } = engineOf(engines, address);
      return provisioningScript(provisioner, dialect, { logins, contextProtection, tables });
    },
  };
}

async function withDatabase<T>(
  engines: Engines,
  address: ShardAddress,
  login: Login,
  work: (database: SqlDatabase) => Promise<T>,
): Promise<T> {
  const database = engineOf(engines, address).open(address, login, { connections: 1 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** SQLSTATE class 28, invalid authorization: the same on every engine. */
function isRefusedLogin(error: unknown): boolean {
  return error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.sqlState.startsWith('28');
}

function named(error: unknown, { host, port, database }: ShardAddress): unknown {
  if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNAVAILABLE') return error;
  return new TenantryError('SHARD_UNAVAILABLE', `There is no database ${database} on ${host}:${port} that answers.`, { cause: error });
}
