import { randomUUID } from 'node:crypto';
import type { Administration } from '../cli/services.ts';
import type { Settings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { capabilityToken, type FleetKey } from '../../shardmap/capability.ts';
import { createShardMapManager } from '../../shardmap/manager.ts';
import type { PublishChange } from '../../shardmap/shard-access.ts';
import type { ShardMapStore } from '../../shardmap/store.ts';
import type { Engines } from './engines.ts';
import { createShardAccess } from './shard-access.ts';

/** How long a runner of an operation that is not heard of is taken to be alive. */
const leaseMs = 15_000;

/** What a manager is made of besides the settings. */
export interface AdministrationParts {
  readonly engines: Engines;
  readonly store: ShardMapStore;
  readonly clock: Clock;
  readonly publish: PublishChange;
}

/** The shard map's manager over real shards. Closing it closes what it opened on shards; the store stays open. */
export function createAdministration({ engines, store, clock, publish }: AdministrationParts, settings: Settings): Administration {
  const { fleetKey, limits, logins, map, tables, contextProtection } = settings;
  const access = createShardAccess({ engines, admin: logins.admin, tables, contextProtection });
  const manager = createShardMapManager({
    store,
    access,
    clock,
    publish,
    leaseMs,
    map: map.name,
    newId: randomUUID,
    capability: capabilityOf(fleetKey.current),
    ...(fleetKey.previous === undefined ? {} : { previousCapability: capabilityOf(fleetKey.previous) }),
    waitMs: limits.waitMs,
    drainMs: limits.drainMs,
  });
  return { manager, close: () => access.close() };
}

function capabilityOf(key: FleetKey): (mapName: string, mappingId: number, epoch: number) => Uint8Array {
  return (mapName, mappingId, epoch) => capabilityToken(key, mapName, mappingId, epoch);
}
