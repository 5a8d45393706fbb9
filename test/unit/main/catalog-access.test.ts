import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import type { OpenOptions } from '../../../src/engine/engine.ts';
import { openCatalogDatabase } from '../../../src/main/catalog-access.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { sampleConfig, sampleEnvironment } from '../config/sample.ts';

test('no statement of the catalog’s is waited for without a limit', async () => {
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
  await openCatalogDatabase(engines, resolveConfig(sampleConfig(), sampleEnvironment)).close();
  expect(given).toEqual([{ connectTimeoutMs: 5_000, statementTimeoutMs: 15_000 }]);
});
