import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ShardMapStore } from '../../shardmap/store.ts';
import { resolveConfig, type Settings } from '../../src/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { openAdministration } from '../../src/main/administration.ts';
import { fleetKeyName } from '../../shardmap/mapping-token.ts';
import { installCatalog } from '../../src/main/catalog.ts';
import { openCatalogDatabase } from '../../src/main/catalog-access.ts';
import { createEngines } from '../../src/main/engines.ts';
import { openTenantry } from '../../src/main/tenantry.ts';
import { silentObserver } from '../../src/router/router-observer.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { sampleConfig, sampleEnvironment } from '../unit/config/sample.ts';

/* One process, which is this file's own: what it has loaded stays loaded, so the tests run in their order. */

const loaded = (): boolean => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/node_modules/tedious/'));

describe('the driver of SQL Server', () => {
  const parts = { engines: createEngines(), clock: systemClock, observer: silentObserver, onTrouble: () => undefined };
  let postgres: PostgresServer;
  let settings: Settings;

  beforeAll(async () => {
    postgres = await startPostgres();
    settings = resolveConfig(sampleConfig(), { ...sampleEnvironment, CATALOG: await postgres.createDatabase('catalog') });
    const database = openCatalogDatabase(parts.engines, settings);
    await installCatalog(database, fleetKeyName(settings.fleetKey.current), false);
    await database.close();
  });
  afterAll(() => postgres.stop());

  test('is not loaded where catalog and shards are PostgreSQL', async () => {
    const administration = await openAdministration(parts, settings);
    const { name, kind, key: keyType, context } = settings.map;
    await administration.manager.maps.create({ name, kind, keyType, context });
    await addShard(administration.store, 'postgres');
    await administration.close();
    await (await openTenantry(parts, settings)).close();
    expect(loaded()).toBe(false);
  });

  test('is loaded before anybody waits for a connection where a shard is SQL Server', async () => {
    const administration = await openAdministration(parts, settings);
    await addShard(administration.store, 'mssql');
    await administration.close();
    expect(loaded()).toBe(false);
    const tenantry = await openTenantry(parts, settings);
    expect(loaded()).toBe(true);
    await tenantry.close();
  });

  async function addShard(store: ShardMapStore, engine: string): Promise<void> {
    const { mapId } = (await store.findMap(settings.map.name))!;
    const address = { engine, host: 'nowhere.invalid', port: 1, database: 'shop', tls: 'disable' } as const;
    const operationId = randomUUID();
    await store.change(async (catalog) => {
      await catalog.addOperation({ operationId, mapId, kind: 'add-shard', payload: {}, state: 'begun' }, 60_000);
      await catalog.addShard({ shardId: randomUUID(), mapId, name: engine, address, state: 'ADDING', operationId });
    });
  }
});
