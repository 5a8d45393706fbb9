import { once } from 'node:events';
import type { Clock } from '../src/core/clock.ts';
import { Deadline } from '../src/core/deadline.ts';
import type { MappingKind } from './mapping.ts';
import { RedisCache } from './redis-cache.ts';
import { publishChange, RedisSubscription, type ChangeListener } from './redis-changes.ts';
import { openRedis } from './redis-connection.ts';
import { RedisHealth, type RedisListener } from './redis-health.ts';
import type { RouteCache } from './route-cache.ts';
import type { MappingChange, PublishChange } from './shard-access.ts';
import type { ShardMap } from './shard-map.ts';

/** What Redis is used with. */
export interface RedisRoutesOptions extends RedisListener {
  /** `redis://` or `rediss://`, with credentials. */
  readonly url: string;
  readonly map: Pick<ShardMap, 'name' | 'kind'>;
  readonly clock: Clock;
  /** See `RedisCacheOptions`. */
  readonly timeoutMs?: number | undefined;
  readonly restMs?: number | undefined;
  readonly pingMs?: number | undefined;
}

/** All that Tenantry does with Redis for one shard map. None of it is needed for correctness. */
export interface RedisRoutes {
  readonly cache: RouteCache;
  /** Puts a change into the cache and tells the other processes. Never rejects; gives up after a second. */
  readonly publish: PublishChange;
  /** Tells a lookup of changes from now on. */
  subscribe(listener: ChangeListener): void;
  close(): void;
}

/** How long a change may wait to be published, a new connection included. */
const publishTimeoutMs = 1_000;

/** Connects to Redis in the background; until then, and whenever it is away, everything goes on without it. */
export function createRedisRoutes(options: RedisRoutesOptions): RedisRoutes {
  const { url, map, clock, timeoutMs, restMs, pingMs } = options;
  const kind: MappingKind = map.kind === 'list' ? 'point' : 'range';
  const health = new RedisHealth(options);
  const commands = health.connection('commands');
  const onMalformed = (error: unknown): void => health.malformed(error);
  const redis = openRedis(url, commands);
  const cacheOf = (mapName: string): RedisCache =>
    new RedisCache(redis, { mapName, kind, clock, health: commands, onMalformed, timeoutMs, restMs });
  const subscriptions: RedisSubscription[] = [];

  const publishNow = async (change: MappingChange, signal: AbortSignal): Promise<void> => {
    if (redis.status !== 'ready') await once(redis, 'ready', { signal });
    const { keys, route } = change;
    // The keys of a range are not known here: what the cache has of them is found stale by the shards.
    if (keys.kind === 'point')
      await (route === undefined ? cacheOf(change.map).drop(keys.low) : cacheOf(change.map).put(keys.low, { keys, route }));
    await publishChange(redis, change.map, change);
  };

  return {
    cache: cacheOf(map.name),
    publish: async (change) => {
      try {
        await new Deadline(clock, publishTimeoutMs).bound('The publication of a change', (signal) => publishNow(change, signal));
        commands.well();
      } catch (error) {
        commands.failed(error);
      }
    },
    subscribe: (listener) => {
      const own = health.connection(`subscription ${subscriptions.length}`);
      const subscriber = openRedis(url, own, { autoResubscribe: false });
      subscriptions.push(new RedisSubscription(subscriber, listener, { mapName: map.name, kind, clock, health: own, onMalformed, pingMs }));
    },
    close: () => {
      health.close();
      redis.disconnect();
      for (const subscription of subscriptions) subscription.close();
    },
  };
}
