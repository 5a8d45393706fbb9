import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { OpenOptions } from '../../../src/engine/engine.ts';
import { openCatalogDatabase } from '../../../src/main/catalog-access.ts';
import { createEngines, type Engines } from '../../../src/main/engines.ts';
import { createShardDatabases } from '../../../src/main/shard-databases.ts';
import { sampleConfig, sampleEnvironment } from '../config/sample.ts';

/** Engines that note what databases are opened with. */
function notingEngines(): { engines: Engines; given: (OpenOptions | undefined)[] } {
  const given: (OpenOptions | undefined)[] = [];
  const engines = new Map(
    Array.from(createEngines(), ([name, engine]) => {
      const open: typeof engine.open = (address, login, options) => {
        given.push(options);
        return engine.open(address, login, options);
      };
      return [name, { ...engine, open }];
    }),
  );
  return { engines, given };
}

test('no statement of the catalog’s is waited for without a limit', async () => {
  const { engines, given } = notingEngines();
  await openCatalogDatabase(engines, resolveConfig(sampleConfig(), sampleEnvironment)).close();
  expect(given).toEqual([{ connectTimeoutMs: 5_000, statementTimeoutMs: 15_000, serverNamesOnly: true }]);
});

test('no statement of admin on a shard, and no lock, is waited for longer than the configuration says', async () => {
  const { engines, given } = notingEngines();
  const limits = { adminStatementTimeoutMs: 7_000, adminLockTimeoutMs: 3_000 };
  const settings = resolveConfig({ ...sampleConfig(), limits }, sampleEnvironment);
  const databases = createShardDatabases(engines, settings);
  databases.open({ shardId: 'a', address: settings.catalog.address } as Shard);
  await databases.close();
  expect(given).toEqual([{ connectTimeoutMs: 5_000, statementTimeoutMs: 7_000, lockTimeoutMs: 3_000 }]);
});
