import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Deadline } from '../../src/core/deadline.ts';
import { createLookup } from '../../shardmap/lookup.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { found, keyBytes } from '../support/redis-process.ts';
import { useRedisProcesses } from '../support/redis-processes.ts';
import { startRedis } from '../support/servers/redis.ts';
import { eventually } from '../support/eventually.ts';

describeNeeding('redis-server', 'routes in a Redis in trouble', () => {
  const redis = useRedisProcesses(startRedis);

  it('are filled again after Redis was flushed', async () => {
    const [one, other] = [redis.start(), redis.start()];
    await Promise.all([one.connected(), other.connected()]);
    await one.find(1);
    await redis.plain.flushall();
    await redis.plain.call('SCRIPT', 'FLUSH');
    await expect(one.find(1)).resolves.toMatchObject({ mappingId: 1 });
    await expect(other.find(1)).resolves.toMatchObject({ mappingId: 1 });
    expect(other.asked).toEqual([1]);
    await eventually(async () => expect(await one.redis.cache.get(keyBytes(1))).toEqual(found(1, 1)));
    expect([one.troubles, other.troubles]).toEqual([[], []]);
  });

  it('cost a frozen Redis one short wait, and are used again when it goes on', async () => {
    const one = redis.start({ timeoutMs: 1_000 });
    await one.connected();
    redis.server.freeze();
    const from = performance.now();
    for (let id = 1; id <= 200; id += 1) await one.find(id);
    // One wait, then a rest in which nobody waits; if each waited it would be three minutes.
    expect(performance.now() - from).toBeLessThan(30_000);
    expect(one.asked).toHaveLength(200);
    expect(one.troubles.length).toBeGreaterThanOrEqual(1);
    redis.server.thaw();
    await eventually(async () => {
      await one.redis.cache.put(keyBytes(1), found(1, 1));
      expect(await one.redis.cache.get(keyBytes(1))).toEqual(found(1, 1));
    });
  });

  it('cost a dead Redis no wait, and are used again when it is back', async () => {
    const one = redis.start({ timeoutMs: 1_000 });
    await one.connected();
    await redis.server.kill();
    await eventually(async () => expect(await one.redis.cache.get(keyBytes(999_999))).toBeUndefined());
    const from = performance.now();
    for (let id = 1; id <= 200; id += 1) await one.find(id);
    expect(performance.now() - from).toBeLessThan(30_000);
    expect(one.asked).toHaveLength(200);

    one.missed.mockClear();
    await redis.server.restart();
    await eventually(() => expect(one.missed).toHaveBeenCalled());
    await one.connected();
  });

  it('leave a cold lookup its deadline when Redis hangs and the catalog hangs too', async () => {
    const one = redis.start({ timeoutMs: 50 });
    await one.connected();
    redis.server.freeze();
    const hanging = createLookup({
      map: { kind: 'list', keyType: 'int' },
      findMapping: () => new Promise(() => undefined),
      cache: one.redis.cache,
      clock: systemClock,
    });
    const from = performance.now();
    await expect(hanging.find(5, new Deadline(systemClock, 200))).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    expect(performance.now() - from).toBeGreaterThanOrEqual(199);
    redis.server.thaw();
  });

  it('know that changes may have been missed when a subscription was silently dead', async () => {
    const one = redis.start({ pingMs: 50, timeoutMs: 50 });
    await one.connected();
    redis.server.freeze();
    await eventually(() => expect(one.troubles).toContainEqual(expect.objectContaining({ code: 'TIMEOUT' })));
    one.missed.mockClear();
    redis.server.thaw();
    await eventually(() => expect(one.missed).toHaveBeenCalled());
  });

  it('are published by a process that has only just begun, or given up within a second', async () => {
    const router = redis.start();
    await router.connected();
    await router.find(1);
    // One that a busy machine does not connect within the second gives up, as it should.
    const brief = await eventually(async () => {
      const begun = redis.start();
      await begun.redis.publish({ map: redis.mapName, keys: { kind: 'point', low: keyBytes(1) } });
      expect(router.lookup.peek(1)).toBeUndefined();
      return begun;
    });
    redis.server.freeze();
    const from = performance.now();
    await redis.start().redis.publish({ map: redis.mapName, keys: { kind: 'point', low: keyBytes(1) } });
    await brief.redis.publish({ map: redis.mapName, keys: { kind: 'point', low: keyBytes(1) } });
    expect(performance.now() - from).toBeLessThan(30_000);
    redis.server.thaw();
  });

  it('leave nothing open when they are closed', async () => {
    const one = redis.start();
    await one.connected();
    const before = (await redis.plain.client('LIST')) as string;
    one.redis.close();
    await eventually(async () =>
      expect(((await redis.plain.client('LIST')) as string).split('\n').length).toBe(before.split('\n').length - 2),
    );
    await expect(one.find(1)).resolves.toMatchObject({ mappingId: 1 });
    expect(one.troubles).toEqual([]);
  });
});
