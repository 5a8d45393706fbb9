import type { ShardPreparation } from '../cli/services.ts';
import type { Settings } from '../config.ts';
import { TenantryError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Login } from '../core/principal.ts';
import type { SqlDatabase } from '../core/session.ts';
import type { ShardAddress } from '../core/shard-address.ts';
import { SqlFailure } from '../engine/sql-failure.ts';
import { provision } from '../policy/provision.ts';
import { LocalMap, type ShardDescription } from '../../shardmap/local-map.ts';
import { schemaStateOf, type SchemaState } from '../../shardmap/schema-state.ts';
import { engineOf, type Engines } from './engines.ts';
import { isRefusedLogin } from './refused-login.ts';

const catalogIsNoShard = 'The database is a catalog; a catalog cannot be a shard.';

/** Prepares servers and databases to be shards. */
export function createPreparation(engines: Engines): ShardPreparation {
  return {
    isPrepared: async ({ logins, catalog, limits }, address) => {
      if (isSamePlace(catalog.address, address)) throw new TenantryError('INVALID_REQUEST', catalogIsNoShard);
      try {
        return await withDatabase({ engines, address, login: logins.admin, limits }, async (database) => {
          await refuseCatalog(database);
          return (await database.run<{ prepared: boolean }>('policy/shard-schema')).rows[0]?.prepared === true;
        });
      } catch (error) {
        if (isRefusedLogin(error)) return false;
        throw named(error, address);
      }
    },
    prepare: async ({ logins, contextProtection, tables, procedures, limits }: Settings, address, superuser, requireFit) => {
      const { provisioner } = engineOf(engines, address);
      try {
        await withDatabase({ engines, address, login: superuser, limits }, async (database) => {
          const { isShard, isAdmins } = await refuseCatalog(database);
          if (isShard && !isAdmins) throw new TenantryError('INVALID_REQUEST', othersSchema(address));
          await requireFit(isShard ? await describedByAdmin({ engines, address, login: logins.admin, limits }) : undefined);
          await provision(database, provisioner, { logins, contextProtection, tables, procedures });
        });
      } catch (error) {
        if (!isRefusedLogin(error)) throw named(error, address);
        throw new TenantryError('FORBIDDEN', `The server at ${address.host}:${address.port} does not let the superuser of --bootstrap in.`);
      }
    },
    script: ({ logins, contextProtection, tables, procedures }, address) => {
      return engineOf(engines, address).provisioner.script({ logins, contextProtection, tables, procedures });
    },
  };
}

interface Opening {
  readonly engines: Engines;
  readonly address: ShardAddress;
  readonly login: Login;
  readonly limits: Pick<Limits, 'connectTimeoutMs'>;
}

async function withDatabase<T>({ engines, address, login, limits }: Opening, work: (database: SqlDatabase) => Promise<T>): Promise<T> {
  const { connectTimeoutMs } = limits;
  const database = engineOf(engines, address).open(address, login, { connections: 1, connectTimeoutMs, serverNamesOnly: true });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function named(error: unknown, { host, port, database }: ShardAddress): unknown {
  if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNAVAILABLE') return error;
  // What keeps one from a server is told already; what a server says is told by its number alone.
  if (error.detail !== undefined && !(error.cause instanceof SqlFailure)) return error;
  return new TenantryError('SHARD_UNAVAILABLE', `There is no database ${database} on ${host}:${port} that answers.`, { cause: error });
}

function isSamePlace(one: ShardAddress, other: ShardAddress): boolean {
  return one.host === other.host && one.port === other.port && one.database === other.database;
}

/** Its rights would be changed before anybody noticed what it is. Answers what else the database is. */
async function refuseCatalog(database: SqlDatabase): Promise<SchemaState> {
  const state = await schemaStateOf(database);
  if (state.isCatalog) throw new TenantryError('INVALID_REQUEST', catalogIsNoShard);
  return state;
}

function othersSchema({ database }: ShardAddress): string {
  return `The schema tenantry of database ${database}, or a table of it, belongs to a role that is neither tenantry_admin nor a superuser: it is not asked which shard that is, since its answer could run what it likes.`;
}

/**
 * What a shard says of itself. Its tables are admin's, who may have put in their place what would run as whoever reads it: so nobody
 * who is more than admin does.
 */
async function describedByAdmin(opening: Opening): Promise<ShardDescription | undefined> {
  try {
    return await withDatabase(opening, (admin) => new LocalMap(admin).description());
  } catch (error) {
    if (!isRefusedLogin(error)) throw error;
    const { host, port, database } = opening.address;
    throw new TenantryError(
      'FORBIDDEN',
      `Database ${database} on ${host}:${port} is a shard, and does not let the admin login in, by which alone it is asked which: let it in as the configuration says, or have the SQL run that is printed without --bootstrap.`,
      { cause: error },
    );
  }
}
