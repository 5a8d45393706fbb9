import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Deadline } from '../../src/core/deadline.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { createLookup, type Lookup } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import { createRedisRoutes, type RedisRoutes } from '../../shardmap/redis-routes.ts';
import type { Route, RoutedKeys } from '../../shardmap/route.ts';
import { eventually } from './eventually.ts';

/** Shards of the made-up catalog, which says `shardA` at epoch 1 of every key. */
export const shardA = '11111111-1111-4111-8111-111111111111';
export const shardB = '22222222-2222-4222-8222-222222222222';

/** The encoding of an int key. */
export const keyBytes = (id: number): Uint8Array => tenantKey('int', id).bytes;

/** A point mapping as the caches hold it. */
export const found = (id: number, epoch: number, shardId: string = shardA): RoutedKeys => ({
  keys: { kind: 'point', low: keyBytes(id) },
  route: { mappingId: id, shardId, epoch },
});

/** A map name that nobody else uses, so that a Redis may be shared. */
export const uniqueMapName = (): string => `test-${randomUUID()}`;

/** What a process may have otherwise. */
export interface RedisProcessOptions {
  /** Default `list`. */
  readonly kind?: 'list' | 'range' | undefined;
  readonly pingMs?: number | undefined;
  /** How long an answer may take. Default 2 s, since nothing but the machine is slow where nothing is frozen; in production it is 50 ms. */
  readonly timeoutMs?: number | undefined;
}

/** What one process has of Redis: its connections, its lookup, and a made-up catalog that can be away. */
export class RedisProcess {
  readonly troubles: unknown[] = [];
  readonly asked: number[] = [];
  /** Called whenever changes may have been missed. */
  readonly missed = vi.fn<() => void>();
  readonly redis: RedisRoutes;
  readonly lookup: Lookup;
  catalogAway = false;

  constructor(url: string, mapName: string, { kind = 'list', pingMs = 10_000, timeoutMs = 2_000 }: RedisProcessOptions = {}) {
    this.redis = createRedisRoutes({
      url,
      map: { name: mapName, kind },
      clock: systemClock,
      onTrouble: (error) => this.troubles.push(error),
      restMs: 300,
      pingMs,
      timeoutMs,
    });
    this.lookup = createLookup({
      map: { kind, keyType: 'int' },
      findMapping: this.#findMapping,
      cache: this.redis.cache,
      clock: systemClock,
    });
    this.redis.subscribe({
      invalidate: (change) => this.lookup.invalidate(change),
      changesMissed: () => {
        this.lookup.changesMissed();
        this.missed();
      },
    });
  }

  find(id: number): Promise<Route> {
    return this.lookup.find(id, new Deadline(systemClock, 20_000));
  }

  /** Resolves once both connections are there. */
  async connected(): Promise<void> {
    await eventually(async () => {
      await this.redis.cache.put(keyBytes(999_999), found(999_999, 1));
      const answer = await this.redis.cache.get(keyBytes(999_999));
      if (answer === undefined || this.missed.mock.calls.length === 0) throw new Error('Redis is not connected yet.');
    });
  }

  readonly #findMapping = async (key: Uint8Array): Promise<Mapping | undefined> => {
    if (this.catalogAway) throw new TenantryError('CATALOG_UNAVAILABLE');
    const id = Buffer.from(key).readInt32BE() ^ 0x80000000;
    this.asked.push(id);
    return { mappingId: id, mapId: 1, kind: 'point', low: key, shardId: shardA, state: 'ONLINE', epoch: 1 };
  };
}
