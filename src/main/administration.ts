import { randomUUID } from 'node:crypto';
import type { Settings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { SqlDatabase } from '../core/session.ts';
import { AuditTrail } from '../../shardmap/audit-trail.ts';
import { FleetKeyNames } from '../../shardmap/fleet-key-names.ts';
import { LatestNumberStore } from '../../shardmap/latest-numbers.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import { Verdicts } from '../../shardmap/verdicts.ts';
import { mappingToken, type FleetKey } from '../../shardmap/mapping-token.ts';
import { createShardMapManager, type ShardMapManager } from '../../shardmap/manager.ts';
import { createRedisRoutes, type RedisRoutes } from '../../shardmap/redis-routes.ts';
import type { PublishChange, ShardAccess } from '../../shardmap/shard-access.ts';
import type { ShardMapStore } from '../../shardmap/store.ts';
import { openCatalog } from './catalog-access.ts';
import type { Engines } from './engines.ts';
import { createShardAccess } from './shard-access.ts';
import { redisTrouble, type OnTrouble } from './trouble.ts';

/** How long a runner of an operation that is not heard of is taken to be alive. */
const leaseMs = 15_000;

/** What the shard map is opened with, besides the settings. */
export interface AdministrationParts {
  readonly engines: Engines;
  readonly clock: Clock;
  /** Told of trouble with Redis; everything goes on. */
  readonly onTrouble: OnTrouble;
}

/** The shard map of one catalog, with what it is reached through. Owns every connection that its parts open. */
export interface OpenAdministration {
  /** The catalog's. */
  readonly database: SqlDatabase;
  readonly store: ShardMapStore;
  readonly access: ShardAccess;
  /** The second cache, where there is one. */
  readonly redis: RedisRoutes | undefined;
  readonly manager: ShardMapManager;
  readonly audit: AuditTrail;
  readonly verdicts: Verdicts;
  readonly latestNumbers: LatestNumberStore;
  readonly keyNames: FleetKeyNames;
  close(): Promise<void>;
}

/**
 * Opens the catalog, Redis and the manager; whatever was opened is closed where a later part fails. Throws
 * CATALOG_UNAVAILABLE, or INVALID_CONFIGURATION where the database is no catalog of this version.
 */
export async function openAdministration(
  { engines, clock, onTrouble }: AdministrationParts,
  settings: Settings,
): Promise<OpenAdministration> {
  const { map, redis: configured } = settings;
  await using opened = new AsyncDisposableStack();
  const { database, store } = await openCatalog(engines, settings);
  opened.defer(() => database.close());
  const access = createShardAccess({ engines, clock }, settings);
  opened.defer(() => access.close());
  const redis = configured === undefined ? undefined : createRedisRoutes({ url: configured.url, map, clock, ...redisTrouble(onTrouble) });
  opened.defer(() => redis?.close());
  const manager = createManager({ store, access, clock, publish: redis?.publish ?? (async () => undefined) }, settings);
  const verdicts = new Verdicts(database, (shardId) => createShardSigner(settings.fleetKey, shardId));
  const ofCatalog = {
    audit: new AuditTrail(database),
    verdicts,
    latestNumbers: new LatestNumberStore(database),
    keyNames: new FleetKeyNames(database, settings.fleetKey),
  };
  const all = opened.move();
  return { database, store, access, redis, manager, ...ofCatalog, close: () => all.disposeAsync() };
}

interface ManagerParts {
  readonly store: ShardMapStore;
  readonly access: ShardAccess;
  readonly clock: Clock;
  readonly publish: PublishChange;
}

function createManager(parts: ManagerParts, { fleetKey, limits, map }: Settings): ShardMapManager {
  return createShardMapManager({
    ...parts,
    leaseMs,
    map: map.name,
    newId: randomUUID,
    tokenOf: tokenBy(fleetKey.current),
    ...(fleetKey.previous === undefined ? {} : { previousTokenOf: tokenBy(fleetKey.previous) }),
    waitMs: limits.waitMs,
    drainMs: limits.drainMs,
    retention: { operations: limits.operationsKept, days: limits.operationDays },
  });
}

function tokenBy(key: FleetKey): (mapName: string, mappingId: number, epoch: number) => Uint8Array {
  return (mapName, mappingId, epoch) => mappingToken(key, mapName, mappingId, epoch);
}
