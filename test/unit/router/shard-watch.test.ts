import { expect, test } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { Turns } from '../../../src/core/turns.ts';
import type { ShardSight } from '../../../src/router/shard-eye.ts';
import { ShardWatch } from '../../../src/router/shard-watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const unverified = new TenantryError('SHARD_UNVERIFIED', 'The shard was changed.');

test.each<[what: string, next: ShardSight, failure: TenantryError | undefined, told: readonly string[]]>([
  ['the same', { state: 'a', noted: '1' }, undefined, ['same']],
  ['that something was noted', { state: 'a', noted: '2' }, undefined, ['verified', 'fit', 'checked']],
  ['that something was noted, by which it may serve nobody', { state: 'a', noted: '2' }, unverified, ['verified', 'unfit', 'unfit']],
  ['another state', { state: 'b', noted: '1' }, undefined, ['connections go', 'verified', 'fit', 'changed']],
])('a second look that sees %s', async (_, next, failure, expected) => {
  const clock = new FakeClock();
  const told: string[] = [];
  let ended = Promise.withResolvers<void>();
  let shard: { readonly sight: ShardSight; readonly failure?: TenantryError | undefined } = { sight: { state: 'a', noted: '1' } };
  const watch = new ShardWatch({
    open: () => ({
      look: () => Promise.resolve(shard.sight),
      verify: () => {
        told.push('verified');
        return shard.failure === undefined ? Promise.resolve() : Promise.reject(shard.failure);
      },
      close: () => Promise.resolve(),
    }),
    clock,
    random: () => 0,
    limits: { connectTimeoutMs: 1_000, protectionSweepMs: 60_000, unwatchedMs: 30_000 },
    turns: new Turns(1),
    isWanted: () => true,
    changed: () => told.push('connections go'),
    fit: () => told.push('fit'),
    unfit: () => told.push('unfit'),
    ended: (outcome) => {
      told.push(outcome);
      ended.resolve();
    },
  });
  watch.start();
  clock.advance(0);
  await ended.promise;
  expect(told.splice(0)).toEqual(['verified', 'fit', 'checked']);
  ended = Promise.withResolvers();
  shard = { sight: next, failure };
  // The next turn is planned once the one before has told how it ended.
  await Promise.resolve();
  clock.advance(1_000);
  await ended.promise;
  expect(told).toEqual(expected);
  await watch.close();
});
