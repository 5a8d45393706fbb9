import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Deadline } from '../../src/core/deadline.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { createLookup, type Lookup } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import { createRedisRoutes, type RedisRoutes } from '../../shardmap/redis-routes.ts';
import type { Route, RoutedKeys } from '../../shardmap/route.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { startRedis, type RedisServer } from '../support/servers/redis.ts';

const [shardA, shardB] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
const bytes = (id: number): Uint8Array => tenantKey('int', id).bytes;
const found = (id: number, epoch: number, shardId: string = shardA): RoutedKeys => ({
  keys: { kind: 'point', low: bytes(id) },
  route: { mappingId: id, shardId, epoch },
});
const deadline = (limitMs = 2_000): Deadline => new Deadline(systemClock, limitMs);

/** One process: its connections, its lookup, and a catalog that can be away. */
class Process {
  readonly troubles: unknown[] = [];
  readonly asked: number[] = [];
  readonly missed = vi.fn<() => void>();
  readonly redis: RedisRoutes;
  readonly lookup: Lookup;
  catalogAway = false;

  constructor(url: string, kind: 'list' | 'range' = 'list', pingMs = 10_000) {
    this.redis = createRedisRoutes({
      url,
      map: { name: 'customers', kind },
      clock: systemClock,
      onTrouble: (error) => this.troubles.push(error),
      restMs: 300,
      pingMs,
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
    return this.lookup.find(id, deadline());
  }

  /** Resolves once both connections are there. */
  async connected(): Promise<void> {
    await vi.waitFor(async () => {
      expect(this.missed).toHaveBeenCalled();
      await this.redis.cache.put(bytes(999_999), found(999_999, 1));
      expect(await this.redis.cache.get(bytes(999_999))).toBeDefined();
    });
  }

  readonly #findMapping = async (key: Uint8Array): Promise<Mapping | undefined> => {
    if (this.catalogAway) throw new TenantryError('CATALOG_UNAVAILABLE');
    const id = Buffer.from(key).readInt32BE() ^ 0x80000000;
    this.asked.push(id);
    return { mappingId: id, mapId: 1, kind: 'point', low: key, shardId: shardA, state: 'ONLINE', epoch: 1 };
  };
}

describeNeeding('redis-server', 'routes in Redis', () => {
  let server: RedisServer;
  let processes: Process[];
  let plain: Redis;

  beforeEach(async () => {
    server = await startRedis();
    processes = [];
    plain = new Redis(server.url, { lazyConnect: true });
  });

  afterEach(async () => {
    for (const one of processes) one.redis.close();
    plain.disconnect();
    await server.stop();
  });

  function start(...options: ConstructorParameters<typeof Process> extends [string, ...infer Rest] ? Rest : never): Process {
    const one = new Process(server.url, ...options);
    processes.push(one);
    return one;
  }

  it('are what another process put there, with the ends of ranges', async () => {
    const [one, other] = [start('range'), start('range')];
    await vi.waitFor(() => expect(one.missed).toHaveBeenCalled());
    const ranged: RoutedKeys = {
      keys: { kind: 'range', low: new Uint8Array(0), high: bytes(10) },
      route: { mappingId: 4, shardId: shardB, epoch: 2 ** 40 },
    };
    const unbounded: RoutedKeys = { keys: { kind: 'range', low: bytes(10) }, route: { mappingId: 5, shardId: shardB, epoch: 3 } };
    await vi.waitFor(async () => {
      await one.redis.cache.put(bytes(7), ranged);
      await one.redis.cache.put(bytes(12), unbounded);
      expect(await other.redis.cache.get(bytes(7))).toEqual(ranged);
      expect(await other.redis.cache.get(bytes(12))).toEqual(unbounded);
    });
    expect(await other.redis.cache.get(bytes(8))).toBeUndefined();
  });

  it('never go back to an older epoch, however many write at once', async () => {
    const writers = [start(), start(), start()];
    await Promise.all(writers.map((writer) => writer.connected()));
    const epochs = Array.from({ length: 300 }, (_, index) => ((index * 7919) % 300) + 1);
    await Promise.all(
      epochs.map((epoch, index) => writers[index % 3]!.redis.cache.put(bytes(1), found(1, epoch, epoch === 300 ? shardB : shardA))),
    );
    expect(await writers[0]!.redis.cache.get(bytes(1))).toEqual(found(1, 300, shardB));

    await writers[1]!.redis.cache.remove(bytes(1), found(1, 299).route);
    expect(await writers[0]!.redis.cache.get(bytes(1))).toEqual(found(1, 300, shardB));
    await writers[1]!.redis.cache.remove(bytes(1), found(1, 300).route);
    expect(await writers[0]!.redis.cache.get(bytes(1))).toBeUndefined();
  });

  it('that are malformed, or about other keys, are not taken', async () => {
    const one = start();
    await one.connected();
    const texts = [
      '',
      'nonsense',
      `1 1 not-a-shard`,
      `99999999999999999 1 ${shardA}`,
      `1 9999999999 ${shardA}`,
      `1 1 ${shardA} 80000001 -`,
      `1 1 ${shardA}\n`,
    ];
    for (const text of texts) {
      await plain.set('tenantry:route:customers:80000001', text);
      await expect(one.redis.cache.get(bytes(1))).resolves.toBeUndefined();
    }
    expect(one.troubles).toHaveLength(texts.length);
    await expect(one.find(1)).resolves.toMatchObject({ shardId: shardA });

    const ranged = start('range');
    await vi.waitFor(() => expect(ranged.missed).toHaveBeenCalled());
    await plain.set('tenantry:route:customers:80000002', `1 1 ${shardA} 80000003 80000009`);
    await vi.waitFor(async () => {
      await expect(ranged.redis.cache.get(bytes(2))).resolves.toBeUndefined();
      expect(ranged.troubles.length).toBeGreaterThan(0);
    });
  });

  it('serve a cold process while the catalog is away, and no more than that', async () => {
    const [warm, cold] = [start(), start()];
    await Promise.all([warm.connected(), cold.connected()]);
    await warm.find(1);
    await vi.waitFor(async () => expect(await cold.redis.cache.get(bytes(1))).toBeDefined());
    cold.catalogAway = true;
    await expect(cold.find(1)).resolves.toEqual({ mappingId: 1, shardId: shardA, epoch: 1 });
    await expect(cold.find(2)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
  });

  it('follow a published change in every process', async () => {
    const [manager, router] = [start(), start()];
    await Promise.all([manager.connected(), router.connected()]);
    await router.find(1);
    await router.find(2);
    await manager.redis.publish({ map: 'customers', ...found(1, 5, shardB) });
    await manager.redis.publish({ map: 'customers', keys: { kind: 'point', low: bytes(2) } });
    await manager.redis.publish({ map: 'others', keys: { kind: 'point', low: bytes(1) } });
    await vi.waitFor(() => expect([router.lookup.peek(1)?.shardId, router.lookup.peek(2)]).toEqual([shardB, undefined]));
    expect(await router.redis.cache.get(bytes(1))).toEqual(found(1, 5, shardB));
    expect(await router.redis.cache.get(bytes(2))).toBeUndefined();
  });

  it('take a published message that is malformed as a sign that something was missed', async () => {
    const router = start();
    await router.connected();
    for (const text of [
      '{',
      '{}',
      '{"kind":"range","low":""}',
      '{"kind":"point","low":"00","route":{"mappingId":1.5}}',
      '{"kind":"point","low":""}',
    ]) {
      router.missed.mockClear();
      await plain.publish('tenantry:changes:customers', text);
      await vi.waitFor(() => expect(router.missed).toHaveBeenCalled());
    }
    expect(router.troubles).toHaveLength(5);
  });

  it('are filled again after Redis was flushed', async () => {
    const [one, other] = [start(), start()];
    await Promise.all([one.connected(), other.connected()]);
    await one.find(1);
    await plain.flushall();
    await plain.call('SCRIPT', 'FLUSH');
    await expect(one.find(1)).resolves.toMatchObject({ mappingId: 1 });
    await expect(other.find(1)).resolves.toMatchObject({ mappingId: 1 });
    expect(other.asked).toEqual([1]);
    await vi.waitFor(async () => expect(await one.redis.cache.get(bytes(1))).toEqual(found(1, 1)));
    expect([one.troubles, other.troubles]).toEqual([[], []]);
  });

  it('cost a frozen Redis one short wait, and are used again when it goes on', async () => {
    const one = start();
    await one.connected();
    server.freeze();
    const from = performance.now();
    for (let id = 1; id <= 200; id += 1) await one.find(id);
    // 50 ms of waiting, then a rest of 300 ms in which nobody waits.
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(one.asked).toHaveLength(200);
    expect(one.troubles.length).toBeGreaterThanOrEqual(1);
    server.thaw();
    await vi.waitFor(async () => {
      await one.redis.cache.put(bytes(1), found(1, 1));
      expect(await one.redis.cache.get(bytes(1))).toEqual(found(1, 1));
    });
  });

  it('cost a dead Redis no wait, and are used again when it is back', async () => {
    const one = start();
    await one.connected();
    await server.kill();
    await vi.waitFor(async () => expect(await one.redis.cache.get(bytes(999_999))).toBeUndefined());
    const from = performance.now();
    for (let id = 1; id <= 200; id += 1) await one.find(id);
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(one.asked).toHaveLength(200);

    one.missed.mockClear();
    await server.restart();
    await vi.waitFor(() => expect(one.missed).toHaveBeenCalled(), 10_000);
    await one.connected();
  });

  it('leave a cold lookup its deadline when Redis hangs and the catalog hangs too', async () => {
    const one = start();
    await one.connected();
    server.freeze();
    const hanging = createLookup({
      map: { kind: 'list', keyType: 'int' },
      findMapping: () => new Promise(() => undefined),
      cache: one.redis.cache,
      clock: systemClock,
    });
    const from = performance.now();
    await expect(hanging.find(5, deadline(200))).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    expect(performance.now() - from).toBeGreaterThanOrEqual(199);
    expect(performance.now() - from).toBeLessThan(600);
    server.thaw();
  });

  it('know that changes may have been missed when a subscription was silently dead', async () => {
    const one = start('list', 50);
    await one.connected();
    server.freeze();
    await vi.waitFor(() => expect(one.troubles).toContainEqual(expect.objectContaining({ code: 'TIMEOUT' })));
    one.missed.mockClear();
    server.thaw();
    await vi.waitFor(() => expect(one.missed).toHaveBeenCalled(), 10_000);
  });

  it('are published by a process that has only just begun, or given up within a second', async () => {
    const router = start();
    await router.connected();
    await router.find(1);
    const brief = start();
    await brief.redis.publish({ map: 'customers', keys: { kind: 'point', low: bytes(1) } });
    await vi.waitFor(() => expect(router.lookup.peek(1)).toBeUndefined());
    server.freeze();
    const from = performance.now();
    await start().redis.publish({ map: 'customers', keys: { kind: 'point', low: bytes(1) } });
    await brief.redis.publish({ map: 'customers', keys: { kind: 'point', low: bytes(1) } });
    expect(performance.now() - from).toBeLessThan(3_000);
    server.thaw();
  });

  it('leave nothing open when they are closed', async () => {
    const one = start();
    await one.connected();
    const before = (await plain.client('LIST')) as string;
    one.redis.close();
    await vi.waitFor(async () => expect(((await plain.client('LIST')) as string).split('\n').length).toBe(before.split('\n').length - 2));
    await expect(one.find(1)).resolves.toMatchObject({ mappingId: 1 });
    expect(one.troubles).toEqual([]);
  });
});
