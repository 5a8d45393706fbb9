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
});
