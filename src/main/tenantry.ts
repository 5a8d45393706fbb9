import type { Settings } from '../config.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import type { ShardMapStore } from '../../shardmap/store.ts';
import type { RouterObserver } from '../router/router-observer.ts';
import type { Router } from '../router/router.ts';
import { openAdministration, type AdministrationParts, type OpenAdministration } from './administration.ts';
import { configuredMap } from './catalog-access.ts';
import { ProtectionSweep } from './policies/protection-sweep.ts';
import { joinRouter } from './routing.ts';
import { withShardTrouble, type OnTrouble } from './trouble.ts';
import { DriftNotices } from './webhook/drift-notices.ts';

/** What everything is joined from, besides the settings. */
export interface TenantryParts extends AdministrationParts {
  readonly observer: RouterObserver;
  /** Told of each notice to the webhook. Default: nobody is. */
  readonly onNotice?: (outcome: 'delivered' | 'failed') => void;
}

/** Router and manager of one configuration, over the same catalog and caches. */
export interface OpenTenantry extends Omit<OpenAdministration, 'database' | 'redis' | 'audit' | 'verdicts' | 'latestNumbers' | 'keyNames'> {
  readonly map: ShardMap;
  readonly router: Router;
  /** Waits for calls that run, up to `limits.drainMs`, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Joins everything, for the library and the service; whatever was opened is closed where a later part fails. Throws
 * CATALOG_UNAVAILABLE, or INVALID_CONFIGURATION where the catalog is not as the settings say, or the fleet's keys are others.
 */
export async function openTenantry(parts: TenantryParts, settings: Settings): Promise<OpenTenantry> {
  await using opened = new AsyncDisposableStack();
  const administration = await openAdministration(parts, settings);
  opened.defer(() => administration.close());
  const { store, access, redis, manager, keyNames } = administration;
  await keyNames.require();
  const map = await configuredMap(store, settings);
  const shards = await store.listShards(map.mapId);
  const used = new Set(shards.map(({ address }) => address.engine));
  await Promise.all(Array.from(used, async (engine) => await parts.engines.get(engine)?.load()));
  const notices = driftNotices(parts, settings, store);
  opened.defer(() => notices?.close(noticeMs));
  const onTrouble: OnTrouble = (trouble) => {
    parts.onTrouble(trouble);
    notices?.hear(trouble);
  };
  const observer = withShardTrouble(parts.observer, onTrouble);
  const router = joinRouter({ ...parts, knownShards: shards.length, observer, store, map, redis }, settings);
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

/** Milliseconds that a notice which is under way has when everything is closed. */
const noticeMs = 2_000;

function driftNotices(
  { onTrouble, onNotice = () => undefined }: TenantryParts,
  { webhook, map }: Settings,
  store: ShardMapStore,
): DriftNotices | undefined {
  if (webhook === undefined) return undefined;
  const nameOf = async (shardId: string): Promise<string | undefined> => (await store.getShard(shardId))?.name;
  return new DriftNotices({ webhook, map: map.name, nameOf, now: () => new Date(), onTrouble, onEnded: onNotice });
}

/** The others are in the hands of an operation. */
function idsOfOnline(shards: readonly Shard[]): string[] {
  return shards.filter(({ state }) => state === 'ONLINE').map(({ shardId }) => shardId);
}
