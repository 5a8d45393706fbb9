import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { SqlFailure } from '../../../src/engine/sql-failure.ts';
import { FakeShard } from '../../support/fake-shards.ts';
import { hangingShard, PoolBench, settled } from '../../support/pool-bench.ts';

describe('a pool of a database that is waking up', () => {
  const asleep = () =>
    Promise.reject(new TenantryError('SHARD_UNAVAILABLE', 'asleep', { cause: new SqlFailure({ number: 1, letsInLater: 'awake' }) }));

  it('asks again once a second, one for all, and holds no slot in between', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    shard.connecting = asleep;
    const pool = bench.pool(shard);
    const waiting = Array.from({ length: 3 }, () => pool.wait(bench.deadline()));
    await settled();
    expect([bench.putOff, pool.size, pool.waiting]).toEqual([3, 0, 3]);
    // Longer than calls wait for a connection that others have.
    for (let second = 0; second < 30; second += 1) {
      bench.clock.advance(1_000);
      await settled();
    }
    expect([bench.putOff, pool.size, pool.waiting]).toEqual([33, 0, 3]);
    shard.connecting = async () => {};
    bench.clock.advance(1_000);
    await Promise.all(waiting);
    expect([shard.opened, bench.failures]).toEqual([3, []]);
  });

  it('asks only while somebody waits, and tells who goes why', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    shard.connecting = asleep;
    const pool = bench.pool(shard, { waiting: 1 });
    const told = { code: 'SHARD_UNAVAILABLE', retryAfterMs: 10_000, cause: { number: 1 } };
    const late = expect(pool.wait(bench.deadline(2_500))).rejects.toMatchObject(told);
    await settled();
    await expect(pool.wait(bench.deadline())).rejects.toMatchObject(told);
    for (const ms of [1_000, 1_000, 500, 60_000]) {
      bench.clock.advance(ms);
      await settled();
    }
    await late;
    expect([bench.putOff, pool.waiting, bench.clock.pending]).toEqual([3, 0, 0]);
    // What it said long ago is not why this one finds nothing in time.
    shard.connecting = hangingShard().connecting;
    const later = expect(pool.wait(bench.deadline(300))).rejects.toMatchObject({ code: 'TIMEOUT' });
    await settled();
    bench.clock.advance(300);
    await later;
  });

  it('waits on where it says nothing in between', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    shard.connecting = asleep;
    const pool = bench.pool(shard);
    const waiting = pool.wait(bench.deadline());
    await settled();
    shard.connecting = hangingShard().connecting;
    for (const ms of [1_000, 500]) {
      bench.clock.advance(ms);
      await settled();
    }
    shard.connecting = async () => {};
    bench.clock.advance(1_000);
    await waiting;
    expect([bench.putOff, bench.failures]).toEqual([2, []]);
  });

  it('takes it for trouble after two minutes, and for waking up again when that is long ago', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    shard.connecting = asleep;
    const pool = bench.pool(shard);
    const waiting = expect(pool.wait(bench.deadline(600_000))).rejects.toMatchObject({ message: 'The shard cannot be reached. asleep' });
    await settled();
    for (let second = 0; second <= 120; second += 1) {
      expect(bench.failures).toEqual([]);
      bench.clock.advance(1_000);
      await settled();
    }
    await waiting;
    expect([bench.putOff, bench.failures.length]).toEqual([121, 1]);
    await expect(pool.wait(bench.deadline())).rejects.toMatchObject({ message: 'The shard cannot be reached. asleep' });
    bench.clock.advance(121_000);
    const again = expect(pool.wait(bench.deadline(500))).rejects.toMatchObject({ retryAfterMs: 10_000 });
    await settled();
    bench.clock.advance(500);
    await again;
  });

  it('begins to wake up anew once it has let somebody in', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    shard.connecting = asleep;
    const pool = bench.pool(shard);
    const first = pool.wait(bench.deadline(600_000));
    await settled();
    shard.connecting = async () => {};
    bench.clock.advance(1_000);
    await first;
    shard.connecting = asleep;
    bench.clock.advance(100_000);
    const second = pool.wait(bench.deadline(600_000));
    await settled();
    for (let seconds = 0; seconds < 60; seconds += 1) {
      bench.clock.advance(1_000);
      await settled();
    }
    expect([bench.putOff, bench.failures]).toEqual([62, []]);
    shard.connecting = async () => {};
    bench.clock.advance(1_000);
    await second;
  });

  it.each(['left alone', 'awake'] as const)(
    'asks no more often once it has lasted for two minutes, however many call: %s',
    async (letsInLater) => {
      const bench = new PoolBench(20, 10);
      const shard = new FakeShard();
      let asked = 0;
      shard.connecting = () => {
        asked += 1;
        throw new TenantryError('OVERLOADED', 'busy', { cause: new SqlFailure({ number: 1, letsInLater }), retryAfterMs: 5_000 });
      };
      const pool = bench.pool(shard);
      const told: unknown[] = [];
      const callFor = async (seconds: number): Promise<number> => {
        const before = asked;
        for (let tenths = 0; tenths < seconds * 10; tenths += 1) {
          pool.wait(bench.deadline(15_000)).catch((error: TenantryError) => told.push(error.detail));
          await settled();
          bench.clock.advance(100);
        }
        return asked - before;
      };
      const most = letsInLater === 'awake' ? 1 : 0.2;
      expect(await callFor(120)).toBeLessThanOrEqual(1 + 120 * most);
      expect(await callFor(180)).toBeLessThanOrEqual(1 + 180 * most);
      // Nobody waits for it any more.
      expect([pool.waiting, told.at(-1)]).toEqual([0, 'busy']);
      shard.connecting = async () => {};
      bench.clock.advance(60_000);
      pool.give(await pool.wait(bench.deadline()));
      expect(await Promise.all([pool.wait(bench.deadline()), pool.wait(bench.deadline())])).toHaveLength(2);
    },
  );

  it('that is closed while it is asked leaves no timer, and speaks of no trouble', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    const answer = Promise.withResolvers<void>();
    shard.connecting = () => answer.promise.then(asleep);
    const pool = bench.pool(shard);
    const waiting = expect(pool.wait(bench.deadline())).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
    await pool.close();
    await waiting;
    answer.resolve();
    await settled();
    expect([bench.clock.pending, bench.putOff, bench.failures, pool.size]).toEqual([0, 0, [], 0]);
  });
});
