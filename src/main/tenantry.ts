import type { Settings } from '../config.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import type { RouterObserver } from '../router/router-observer.ts';
import type { Router } from '../router/router.ts';
import { openAdministration, type AdministrationParts, type OpenAdministration } from './administration.ts';
import { configuredMap } from './catalog-access.ts';
import { ProtectionSweep } from './protection-sweep.ts';
import { joinRouter } from './routing.ts';
import { withShardTrouble } from './trouble.ts';

/** What everything is joined from, besides the settings. */
export interface TenantryParts extends AdministrationParts {
  readonly observer: RouterObserver;
}

/** Router and manager of one configuration, over the same catalog and caches. */
export interface OpenTenantry extends Omit<OpenAdministration, 'database' | 'redis' | 'audit' | 'verdicts'> {
  readonly map: ShardMap;
  readonly router: Router;
  /** Waits for calls that run, up to `limits.drainMs`, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Joins everything, for the library and the service; whatever was opened is closed where a later part fails. Throws
 * CATALOG_UNAVAILABLE, or INVALID_CONFIGURATION where the catalog is not as the settings say.
 */
export async function openTenantry(parts: TenantryParts, settings: Settings): Promise<OpenTenantry> {
  await using opened = new AsyncDisposableStack();
  const administration = await openAdministration(parts, settings);
  opened.defer(() => administration.close());
  const { store, access, redis, manager } = administration;
  const map = await configuredMap(store, settings);
  const shards = await store.listShards(map.mapId);
  const used = new Set(shards.map(({ address }) => address.engine));
  await Promise.all(Array.from(used, async (engine) => await parts.engines.get(engine)?.load()));
  const router = joinRouter(
    { ...parts, knownShards: shards.length, observer: withShardTrouble(parts.observer, parts.onTrouble), store, map, redis },
    settings,
  );
  opened.defer(() => router.close(settings.limits.drainMs));
  const sweep = new ProtectionSweep({
    shards: idsOfOnline(shards),
    listShards: async () => idsOfOnline(await store.listShards(map.mapId)),
    examine: (shardId) => router.examine(shardId),
    clock: parts.clock,
    random: Math.random,
    everyMs: settings.limits.protectionSweepMs,
  });
  opened.defer(() => sweep.stop());
  sweep.start();
  const all = opened.move();
  return { store, access, manager, map, router, close: () => all.disposeAsync() };
}

/** The others are in the hands of an operation. */
function idsOfOnline(shards: readonly Shard[]): string[] {
  return shards.filter(({ state }) => state === 'ONLINE').map(({ shardId }) => shardId);
}
