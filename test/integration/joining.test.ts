import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { env, resolveConfig, type Settings } from '../../src/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { openAdministration } from '../../src/main/administration.ts';
import { fleetKeyName } from '../../shardmap/mapping-token.ts';
import { installCatalog } from '../../src/main/catalog.ts';
import { openCatalogDatabase } from '../../src/main/catalog-access.ts';
import { createEngines } from '../../src/main/engines.ts';
import { openTenantry } from '../../src/main/tenantry.ts';
import { silentObserver } from '../../src/router/router-observer.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { startRedis, type RedisServer } from '../support/servers/redis.ts';
import { sampleConfig, sampleEnvironment } from '../unit/config/sample.ts';
import { eventually } from '../support/eventually.ts';

describeNeeding('redis-server', 'joining the parts', () => {
  const parts = { engines: createEngines(), clock: systemClock, observer: silentObserver, onTrouble: () => undefined };
  let postgres: PostgresServer;
  let redis: RedisServer;
  let plain: Redis;
  let settings: Settings;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    plain = new Redis(redis.url);
    settings = resolveConfig(sampleConfig({ redis: { url: env('REDIS') } }), {
      ...sampleEnvironment,
      CATALOG: await postgres.createDatabase('catalog'),
      REDIS: redis.url,
    });
    const database = openCatalogDatabase(parts.engines, settings);
    await installCatalog(database, fleetKeyName(settings.fleetKey.current), false);
    await database.close();
  });
  afterAll(async () => {
    plain.disconnect();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  const accepted = async (): Promise<number> => Number(/total_connections_received:(\d+)/.exec(await plain.info('stats'))?.[1]);
  const redisClients = async (): Promise<number> =>
    String(await plain.client('LIST'))
      .trim()
      .split('\n').length;

  /** What opening rejects with; seen to have reached Redis, and to have left nothing open. */
  async function leavesNothing(open: () => Promise<unknown>): Promise<unknown> {
    await eventually(() => expect(sockets()).toBe(1)); // that of `plain`
    const seen = await accepted();
    const failure = await open().then(
      () => undefined,
      (error: unknown) => error,
    );
    await eventually(async () =>
      expect({ sockets: sockets(), redisClients: await redisClients() }).toEqual({ sockets: 1, redisClients: 1 }),
    );
    expect(await accepted()).toBeGreaterThan(seen);
    return failure;
  }

  test('a map that is missing is found out with catalog and Redis open, and leaves no socket', async () => {
    const failure = await leavesNothing(() => openTenantry(parts, settings));
    expect(failure).toBeInstanceOf(TenantryError);
    expect(failure).toMatchObject({ code: 'INVALID_CONFIGURATION', message: expect.stringContaining('tenantry map create') });
  });

  test('a router that cannot be joined leaves no socket', async () => {
    const administration = await openAdministration(parts, settings);
    const { name, kind, key: keyType, context } = settings.map;
    await administration.manager.maps.create({ name, kind, keyType, context });
    await administration.close();
    const unjoinable = {
      ...settings,
      // Nobody but the router has to do with it.
      get context(): never {
        throw new Error('the router asks for its context');
      },
    };
    expect(await leavesNothing(() => openTenantry(parts, unjoinable))).toMatchObject({ message: 'the router asks for its context' });
  });

  test('what is joined and closed leaves no socket', async () => {
    expect(await leavesNothing(async () => (await openTenantry(parts, settings)).close())).toBeUndefined();
  });
});
