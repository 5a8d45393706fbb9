import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeFromMessage } from '../../../shardmap/change-message.ts';
import { tenantKey } from '../../../shardmap/key.ts';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { startRedis, type RedisServer } from '../../support/servers/redis.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';

/** No limit ends anything: how soon Redis answers is a matter of what else the machine does. */
const unlimited: Clock = { now: () => systemClock.now(), after: () => () => undefined };

describeNeeding('redis-server', 'a change made at the command line, with Redis', () => {
  let world: CliWorld;
  let redis: RedisServer;

  beforeAll(async () => {
    [world, redis] = await Promise.all([createCliWorld(), startRedis()]);
    Object.assign(world.environment, { REDIS_URL: redis.url });
    await writeFile(join(world.folder, 'tenantry.config.json'), configuration({ redis: { url: { env: 'REDIS_URL' } } }));
    await world.createShardDatabase('shop');
    for (const line of ['map create', `shard add a --host ${world.server.host} --port ${world.server.port} --database shop --bootstrap`]) {
      const { code, err } = await world.run(line);
      if (code !== 0) throw new Error(`${line}: ${err}`);
    }
  });
  afterAll(() => Promise.all([world.close(), redis.stop()]));

  test('is published to every process that listens', async () => {
    const listener = new Redis(redis.url);
    await listener.subscribe('tenantry:changes:customers');
    const heard = once(listener, 'message');
    const { code, out } = await world.run('tenant add 42 --shard a', { clock: unlimited });
    expect({ code, warnings: world.warnings }).toEqual({ code: 0, warnings: [] });
    const [, text] = (await heard) as [string, string];
    listener.disconnect();
    const { keys, route } = changeFromMessage(text, 'point');
    expect(keys).toEqual({ kind: 'point', low: tenantKey('int', 42).bytes });
    expect(out).toContain(`mapping ${route?.mappingId}, epoch ${route?.epoch}`);
  });

  test('doctor says that Redis answers', async () => {
    expect(await world.run('doctor')).toMatchObject({ code: 0, out: expect.stringContaining('ok       redis: It answers.') });
  });

  test('is made all the same while Redis is away, with a warning', async () => {
    await redis.kill();
    expect(await world.run('tenant add 43 --shard a')).toMatchObject({ code: 0 });
    expect(world.warnings).toContain('Redis cannot be reached: caches of other processes learn of the change from the shards.');
    expect(await world.run('tenant where 43')).toMatchObject({ code: 0 });
  });
});
