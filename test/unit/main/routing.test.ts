import { expect, test } from 'vitest';
import type { ShardMapStore } from '../../../shardmap/store.ts';
import { resolveConfig } from '../../../src/config.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import { joinRouter } from '../../../src/main/routing.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { settle } from '../../support/lookup-bench.ts';
import { sampleConfig, sampleEnvironment } from '../config/sample.ts';

/* What the parts of a router are told of one another: a router over a catalog that answers nothing. */

const limits = { catalogTimeoutMs: 2_000, statementTimeoutMs: 30_000 };

function waitingFor(holdUp: TenantryError | undefined) {
  const clock = new FakeClock();
  const store = { holdUp, findMapping: () => new Promise(() => undefined) } as unknown as ShardMapStore;
  const settings = resolveConfig(sampleConfig({ limits }), sampleEnvironment);
  const map = { mapId: 1, name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId', version: 1 } as const;
  const router = joinRouter({ engines: new Map(), store, map, knownShards: 1, clock, observer: silentObserver }, settings);
  let failure: unknown;
  router.query(1, sql`select 1`).catch((error: unknown) => (failure = error));
  const after = async (ms: number): Promise<unknown> => {
    clock.advance(ms);
    await settle();
    return failure;
  };
  return { after };
}

test('the catalog may take as long as limits.catalogTimeoutMs says', async () => {
  const { after } = waitingFor(undefined);
  await settle();
  expect(await after(1_999)).toBeUndefined();
  expect(await after(1)).toMatchObject({ code: 'CATALOG_UNAVAILABLE', detail: 'The catalog did not answer in time.' });
});

test('a catalog that says why it lets nobody in yet is waited for to the end of the call, which is told why', async () => {
  const { after } = waitingFor(new TenantryError('SHARD_UNAVAILABLE', 'It wakes up.', { retryAfterMs: 10_000 }));
  await settle();
  for (let seconds = 2; seconds < 30; seconds += 2) expect(await after(2_000)).toBeUndefined();
  expect(await after(2_000)).toMatchObject({ code: 'CATALOG_UNAVAILABLE', detail: 'It wakes up.', retryAfterMs: 10_000 });
});
