import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTenantry, env, type Tenantry, type Trouble } from '../../src/index.ts';
import { resolveConfig } from '../../src/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { openAdministration } from '../../src/main/administration.ts';
import { fleetKeyName } from '../../shardmap/mapping-token.ts';
import { installCatalog } from '../../src/main/catalog.ts';
import { openCatalogDatabase } from '../../src/main/catalog-access.ts';
import { createEngines } from '../../src/main/engines.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { startRedis, type RedisServer } from '../support/servers/redis.ts';
import { sampleConfig, sampleEnvironment } from '../unit/config/sample.ts';
import { eventually } from '../support/eventually.ts';

describeNeeding('redis-server', 'the trouble that a user of the library is told of', () => {
  const config = sampleConfig({ redis: { url: env('REDIS') } });
  const told: Trouble[] = [];
  let postgres: PostgresServer;
  let redis: RedisServer;
  let tenantry: Tenantry;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const environment = { ...sampleEnvironment, CATALOG: await postgres.createDatabase('catalog'), REDIS: redis.url };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const settings = resolveConfig(config, environment);
    const engines = createEngines();
    const database = openCatalogDatabase(engines, settings);
    await installCatalog(database, fleetKeyName(settings.fleetKey.current), false);
    await database.close();
    const administration = await openAdministration({ engines, clock: systemClock, onTrouble: () => undefined }, settings);
    await administration.manager.maps.create({ name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId' });
    await administration.close();
    tenantry = await createTenantry(config, { onTrouble: (trouble) => told.push(trouble) });
  });
  afterAll(async () => {
    await tenantry.close();
    vi.unstubAllEnvs();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const untilTold = (state: Trouble['state']): Promise<void> =>
    eventually(() => expect(told.at(-1)).toMatchObject({ source: 'redis', state }));

  test('is Redis, once when it is away and once when it is back, each time', async () => {
    for (let time = 0; time < 2; time += 1) {
      told.length = 0;
      await redis.kill();
      await untilTold('failing');
      // Calls see it too, and their asking is not told.
      for (let tenant = 1; tenant <= 20; tenant += 1)
        await expect(tenantry.admin.tenants.where(tenant)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
      await redis.restart();
      await untilTold('recovered');
      const states = told.map(({ state }) => state);
      expect(states.filter((state) => state === 'recovered')).toHaveLength(1);
      expect(new Set(told.map(({ code }) => code)).size).toBe(told.length);
      expect(told[0]).toMatchObject({ source: 'redis', state: 'failing', code: expect.stringMatching(/^[A-Z]+$/) });
    }
  });

  test('names no password', () => {
    expect(JSON.stringify(told.map(({ cause, ...rest }) => [rest, cause instanceof Error ? cause.message : '']))).not.toContain(
      redis.password,
    );
  });
});
