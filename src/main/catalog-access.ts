import { TenantryError } from '../core/errors.ts';
import type { SqlDatabase } from '../core/session.ts';
import type { Settings } from '../config.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import { NotCreated } from '../../shardmap/not-created.ts';
import { SqlShardMapStore } from '../../shardmap/sql-store.ts';
import type { ShardMapStore } from '../../shardmap/store.ts';
import { engineOf, type Engines } from './engines.ts';

/**
 * A statement of the catalog's takes milliseconds. One without an answer for so long was sent to a server that stands still, or
 * whose machine is gone, which TCP notices after a quarter of an hour: the next one goes over a new connection.
 */
const statementTimeoutMs = 15_000;

/** The catalog's database and the shard map in it. */
export interface CatalogAccess {
  readonly database: SqlDatabase;
  readonly store: ShardMapStore;
}

/** Opens the catalog's database, unchecked; it connects when first used. */
export function openCatalogDatabase(engines: Engines, { catalog, limits: { connectTimeoutMs } }: Settings): SqlDatabase {
  return engineOf(engines, catalog.address).open(catalog.address, catalog.login, {
    connectTimeoutMs,
    statementTimeoutMs,
    serverNamesOnly: true,
  });
}

/** Opens the catalog. Throws CATALOG_UNAVAILABLE, or INVALID_CONFIGURATION where it is none, or of another schema version. */
export async function openCatalog(engines: Engines, settings: Settings): Promise<CatalogAccess> {
  const database = openCatalogDatabase(engines, settings);
  const store = new SqlShardMapStore(database);
  try {
    await store.checkSchema();
  } catch (error) {
    await database.close();
    throw error;
  }
  return { database, store };
}

/** The configured map as the catalog has it. Throws INVALID_CONFIGURATION where it is not there or another one. */
export async function configuredMap(store: ShardMapStore, { map }: Settings): Promise<ShardMap> {
  const found = await store.findMap(map.name);
  if (found === undefined) throw new NotCreated(`The catalog has no shard map ${map.name}: run \`tenantry map create\`.`);
  if (found.kind === map.kind && found.keyType === map.key) return found;
  const difference = `The catalog has shard map ${map.name} as a ${found.kind} of ${found.keyType}; the configuration says ${map.kind} of ${map.key}.`;
  throw new TenantryError('INVALID_CONFIGURATION', difference);
}
