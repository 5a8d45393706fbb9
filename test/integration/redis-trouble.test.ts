import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Deadline } from '../../src/core/deadline.ts';
import { createLookup } from '../../shardmap/lookup.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { found, keyBytes, RedisProcess, uniqueMapName } from '../support/redis-process.ts';
import { startRedis, type RedisServer } from '../support/servers/redis.ts';

describeNeeding('redis-server', 'routes in a Redis in trouble', () => {
  let server: RedisServer;
  let mapName: string;
  let processes: RedisProcess[];
  let plain: Redis;

  beforeEach(async () => {
    server = await startRedis();
    mapName = uniqueMapName();
    processes = [];
    plain = new Redis(server.url, { lazyConnect: true });
  });

  afterEach(async () => {
    for (const one of processes) one.redis.close();
    plain.disconnect();
    await server.stop();
  });

  function start(kind: 'list' | 'range' = 'list', pingMs?: number): RedisProcess {
    const one = new RedisProcess(server.url, mapName, kind, pingMs);
    processes.push(one);
    return one;
  }

  it('are filled again after Redis was flushed', async () => {
    const [one, other] = [start(), start()];
    await Promise.all([one.connected(), other.connected()]);
    await one.find(1);
    await plain.flushall();
    await plain.call('SCRIPT', 'FLUSH');
    await expect(one.find(1)).resolves.toMatchObject({ mappingId: 1 });
    await expect(other.find(1)).resolves.toMatchObject({ mappingId: 1 });
    expect(other.asked).toEqual([1]);
    await vi.waitFor(async () => expect(await one.redis.cache.get(keyBytes(1))).toEqual(found(1, 1)));
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
      await one.redis.cache.put(keyBytes(1), found(1, 1));
      expect(await one.redis.cache.get(keyBytes(1))).toEqual(found(1, 1));
    });
  });

  it('cost a dead Redis no wait, and are used again when it is back', async () => {
    const one = start();
    await one.connected();
    await server.kill();
    await vi.waitFor(async () => expect(await one.redis.cache.get(keyBytes(999_999))).toBeUndefined());
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
    await expect(hanging.find(5, new Deadline(systemClock, 200))).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
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
    await brief.redis.publish({ map: mapName, keys: { kind: 'point', low: keyBytes(1) } });
    await vi.waitFor(() => expect(router.lookup.peek(1)).toBeUndefined());
    server.freeze();
    const from = performance.now();
    await start().redis.publish({ map: mapName, keys: { kind: 'point', low: keyBytes(1) } });
    await brief.redis.publish({ map: mapName, keys: { kind: 'point', low: keyBytes(1) } });
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
