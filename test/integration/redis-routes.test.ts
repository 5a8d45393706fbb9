import { afterEach, expect, it } from 'vitest';
import type { RoutedKeys } from '../../shardmap/route.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { found, keyBytes, shardA, shardB } from '../support/redis-process.ts';
import { useRedisProcesses } from '../support/redis-processes.ts';
import { useRedis } from '../support/servers/redis.ts';
import { eventually } from '../support/eventually.ts';

describeNeeding('redis', 'routes in Redis', () => {
  const redis = useRedisProcesses(useRedis);

  afterEach(async () => {
    for (const name of await redis.plain.keys(`tenantry:route:${redis.mapName}:*`)) await redis.plain.del(name);
  });

  it('are what another process put there, with the ends of ranges', async () => {
    const [one, other] = [redis.start({ kind: 'range' }), redis.start({ kind: 'range' })];
    await eventually(() => expect(one.missed).toHaveBeenCalled());
    const ranged: RoutedKeys = {
      keys: { kind: 'range', low: new Uint8Array(0), high: keyBytes(10) },
      route: { mappingId: 4, shardId: shardB, epoch: 2 ** 40 },
    };
    const unbounded: RoutedKeys = { keys: { kind: 'range', low: keyBytes(10) }, route: { mappingId: 5, shardId: shardB, epoch: 3 } };
    await eventually(async () => {
      await one.redis.cache.put(keyBytes(7), ranged);
      await one.redis.cache.put(keyBytes(12), unbounded);
      expect(await other.redis.cache.get(keyBytes(7))).toEqual(ranged);
      expect(await other.redis.cache.get(keyBytes(12))).toEqual(unbounded);
    });
    expect(await other.redis.cache.get(keyBytes(8))).toBeUndefined();
  });

  it('never go back to an older epoch, however many write at once', async () => {
    const writers = [redis.start(), redis.start(), redis.start()];
    await Promise.all(writers.map((writer) => writer.connected()));
    const epochs = Array.from({ length: 300 }, (_, index) => ((index * 7919) % 300) + 1);
    await Promise.all(
      epochs.map((epoch, index) => writers[index % 3]!.redis.cache.put(keyBytes(1), found(1, epoch, epoch === 300 ? shardB : shardA))),
    );
    expect(await writers[0]!.redis.cache.get(keyBytes(1))).toEqual(found(1, 300, shardB));

    await writers[1]!.redis.cache.remove(keyBytes(1), found(1, 299).route);
    expect(await writers[0]!.redis.cache.get(keyBytes(1))).toEqual(found(1, 300, shardB));
    await writers[1]!.redis.cache.remove(keyBytes(1), found(1, 300).route);
    expect(await writers[0]!.redis.cache.get(keyBytes(1))).toBeUndefined();
  });

  it('that are malformed, or about other keys, are not taken', async () => {
    const one = redis.start();
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
      await redis.plain.set(`tenantry:route:${redis.mapName}:80000001`, text);
      await expect(one.redis.cache.get(keyBytes(1))).resolves.toBeUndefined();
    }
    expect(one.troubles).toHaveLength(texts.length);
    await expect(one.find(1)).resolves.toMatchObject({ shardId: shardA });

    const ranged = redis.start({ kind: 'range' });
    await eventually(() => expect(ranged.missed).toHaveBeenCalled());
    await redis.plain.set(`tenantry:route:${redis.mapName}:80000002`, `1 1 ${shardA} 80000003 80000009`);
    await eventually(async () => {
      await expect(ranged.redis.cache.get(keyBytes(2))).resolves.toBeUndefined();
      expect(ranged.troubles.length).toBeGreaterThan(0);
    });
  });

  it('serve a cold process while the catalog is away, and no more than that', async () => {
    const [warm, cold] = [redis.start(), redis.start()];
    await Promise.all([warm.connected(), cold.connected()]);
    await warm.find(1);
    await eventually(async () => expect(await cold.redis.cache.get(keyBytes(1))).toBeDefined());
    cold.catalogAway = true;
    await expect(cold.find(1)).resolves.toEqual({ mappingId: 1, shardId: shardA, epoch: 1 });
    await expect(cold.find(2)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
  });

  it('follow a published change in every process', async () => {
    const [manager, router] = [redis.start(), redis.start()];
    await Promise.all([manager.connected(), router.connected()]);
    for (const id of [1, 2]) {
      await router.find(id);
      // It is put there behind the caller, and could come after the change.
      await eventually(async () => expect(await manager.redis.cache.get(keyBytes(id))).toBeDefined());
    }
    await manager.redis.publish({ map: redis.mapName, ...found(1, 5, shardB) });
    await manager.redis.publish({ map: redis.mapName, keys: { kind: 'point', low: keyBytes(2) } });
    await manager.redis.publish({ map: 'others', keys: { kind: 'point', low: keyBytes(1) } });
    await eventually(() => expect([router.lookup.peek(1)?.shardId, router.lookup.peek(2)]).toEqual([shardB, undefined]));
    expect(await router.redis.cache.get(keyBytes(1))).toEqual(found(1, 5, shardB));
    expect(await router.redis.cache.get(keyBytes(2))).toBeUndefined();
  });

  it('take a published message that is malformed as a sign that something was missed', async () => {
    const router = redis.start();
    await router.connected();
    for (const text of [
      '{',
      '{}',
      '{"kind":"range","low":""}',
      '{"kind":"point","low":"00","route":{"mappingId":1.5}}',
      '{"kind":"point","low":""}',
    ]) {
      router.missed.mockClear();
      await redis.plain.publish(`tenantry:changes:${redis.mapName}`, text);
      await eventually(() => expect(router.missed).toHaveBeenCalled());
    }
    expect(router.troubles).toHaveLength(5);
  });
});
