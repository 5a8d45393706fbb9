import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { ConnectionBudget } from '../../../src/engine/connection-budget.ts';
import { Pool, type PoolLimits } from '../../../src/engine/pool.ts';
import { SqlFailure } from '../../../src/engine/sql-failure.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeShard, type FakeConnection } from '../../support/fake-shards.ts';

const limits: PoolLimits = { waiting: 100, waitMs: 1_000, connectTimeoutMs: 500, idleMs: 10_000 };

/** Lets everything that is ready to go on do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Bench {
  readonly clock = new FakeClock();
  readonly budget: ConnectionBudget;
  readonly failures: unknown[] = [];
  putOff = 0;

  constructor(connections: number, perPool: number, knownShards?: number) {
    this.budget = new ConnectionBudget(connections, perPool, knownShards);
  }

  pool(shard: FakeShard, changes: Partial<PoolLimits> = {}): Pool<FakeConnection> {
    return new Pool({
      connect: (signal) => shard.connect(signal),
      budget: this.budget,
      limits: { ...limits, ...changes },
      clock: this.clock,
      observer: { opened: () => {}, failed: (error) => this.failures.push(error), putOff: () => (this.putOff += 1), closed: () => {} },
    });
  }

  deadline(ms = 60_000, signal?: AbortSignal): Deadline {
    return new Deadline(this.clock, ms, signal);
  }

  /** Takes `count` connections out of a pool. */
  lend(pool: Pool<FakeConnection>, count: number): Promise<FakeConnection[]> {
    return Promise.all(Array.from({ length: count }, async () => pool.take() ?? (await pool.wait(this.deadline()))));
  }
}

/** A shard whose connects hang until the test lets them go on, or their signal aborts. */
function hangingShard(): FakeShard {
  const shard = new FakeShard();
  shard.connecting = (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  return shard;
}

describe('a pool', () => {
  it('opens a connection when a call waits, and lends the one used last first', async () => {
    const bench = new Bench(10, 5);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    expect(pool.take()).toBeUndefined();
    expect(shard.opened).toBe(0);
    const [first, second] = await bench.lend(pool, 2);
    pool.give(first!);
    pool.give(second!);
    expect(pool.take()).toBe(second);
    expect(shard.opened).toBe(2);
  });

  it('opens no more than its bound, and serves who came first', async () => {
    const bench = new Bench(10, 2);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const lent = await bench.lend(pool, 2);
    const served: string[] = [];
    const third = pool.wait(bench.deadline()).then((connection) => (served.push('third'), connection));
    const fourth = pool.wait(bench.deadline()).then((connection) => (served.push('fourth'), connection));
    await settled();
    expect(pool.waiting).toBe(2);
    pool.give(lent[0]!);
    expect(await third).toBe(lent[0]);
    pool.give(lent[1]!);
    expect(await fourth).toBe(lent[1]);
    expect(served).toEqual(['third', 'fourth']);
    expect(shard.opened).toBe(2);
  });

  it('closes a connection that is not usable any more, and opens another for who waits', async () => {
    const bench = new Bench(10, 1);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const [broken] = await bench.lend(pool, 1);
    const next = pool.wait(bench.deadline());
    broken!.usable = false;
    pool.give(broken!);
    expect(await next).not.toBe(broken);
    expect(broken!.closed).toBe(true);
    expect(shard.open).toBe(1);
  });

  it('does not lend an idle connection that died', async () => {
    const bench = new Bench(10, 2);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const lent = await bench.lend(pool, 2);
    for (const connection of lent) pool.give(connection);
    lent[1]!.usable = false;
    expect(pool.take()).toBe(lent[0]);
    expect(lent[1]!.closed).toBe(true);
  });

  it('closes what was not needed for the idle time, and keeps what was', async () => {
    const bench = new Bench(10, 5);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    for (const connection of await bench.lend(pool, 3)) pool.give(connection);
    bench.clock.advance(10_000);
    pool.give(pool.take()!);
    bench.clock.advance(10_000);
    expect(pool.idle).toBe(1);
    bench.clock.advance(10_000);
    await settled();
    expect([pool.idle, pool.size, shard.open]).toEqual([0, 0, 0]);
    expect(bench.clock.pending).toBe(0);
  });

  it('refuses one waiter too many at once, and the others after their time', async () => {
    const bench = new Bench(10, 1);
    const pool = bench.pool(new FakeShard(), { waiting: 1 });
    await bench.lend(pool, 1);
    const late = pool.wait(bench.deadline());
    await expect(pool.wait(bench.deadline())).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
    bench.clock.advance(1_000);
    await expect(late).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(pool.waiting).toBe(0);
  });

  it('lets a call go at its deadline with TIMEOUT, and at once with CANCELLED when it is aborted', async () => {
    const bench = new Bench(10, 1);
    const pool = bench.pool(new FakeShard());
    const [lent] = await bench.lend(pool, 1);
    const caller = new AbortController();
    const cancelled = pool.wait(bench.deadline(60_000, caller.signal));
    const late = pool.wait(bench.deadline(300));
    caller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    bench.clock.advance(300);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    pool.give(lent!);
    expect(pool.idle).toBe(1);
  });

  it('keeps a connection whose caller gave up while it was opened', async () => {
    const bench = new Bench(10, 1);
    const shard = new FakeShard();
    const gate = Promise.withResolvers<void>();
    shard.connecting = () => gate.promise;
    const pool = bench.pool(shard);
    const caller = new AbortController();
    const waiting = pool.wait(bench.deadline(60_000, caller.signal));
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    gate.resolve();
    await settled();
    expect(pool.idle).toBe(1);
  });

  it('gives up a connect that hangs: SHARD_UNAVAILABLE, and its slot is free again', async () => {
    const bench = new Bench(10, 1);
    const pool = bench.pool(hangingShard());
    const waiting = pool.wait(bench.deadline());
    await settled();
    bench.clock.advance(500);
    await expect(waiting).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    await settled();
    expect(pool.size).toBe(0);
  });

  it('tells a waiter why nothing could be opened, where nothing is lent', async () => {
    const bench = new Bench(10, 5);
    const shard = new FakeShard();
    const refused = new TenantryError('SHARD_UNAVAILABLE', 'refused');
    shard.connecting = async () => {
      throw refused;
    };
    const pool = bench.pool(shard);
    await expect(pool.wait(bench.deadline())).rejects.toBe(refused);
    expect(bench.failures).toEqual([refused]);
  });

  it('waits for what is lent where no more can be opened, and tries again later', async () => {
    const bench = new Bench(10, 5);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const [lent] = await bench.lend(pool, 1);
    shard.connecting = async () => {
      throw new TenantryError('OVERLOADED', 'too many connections');
    };
    const first = pool.wait(bench.deadline());
    const second = pool.wait(bench.deadline());
    await settled();
    expect(bench.failures).toHaveLength(2);
    pool.give(lent!);
    expect(await first).toBe(lent);
    shard.connecting = async () => {};
    bench.clock.advance(200);
    expect(await second).not.toBe(lent);
  });

  describe('of a database that is waking up', () => {
    const asleep = () =>
      Promise.reject(new TenantryError('SHARD_UNAVAILABLE', 'asleep', { cause: new SqlFailure({ number: 1, letsInLater: true }) }));

    it('asks again once a second, one for all, and holds no slot in between', async () => {
      const bench = new Bench(10, 5);
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
      const bench = new Bench(10, 5);
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
      const bench = new Bench(10, 5);
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
      const bench = new Bench(10, 5);
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
  });

  it('lends nothing again that was open when it was retired', async () => {
    const bench = new Bench(10, 5);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const lent = await bench.lend(pool, 2);
    pool.give(lent[0]!);
    pool.retire();
    expect(pool.take()).toBeUndefined();
    pool.give(lent[1]!);
    await settled();
    expect(shard.open).toBe(0);
    pool.give((await bench.lend(pool, 1))[0]!);
    expect(pool.idle).toBe(1);
  });

  it('closes everything, also what is lent or being opened, and rejects who waits', async () => {
    const bench = new Bench(10, 2);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const [lent, idle] = await bench.lend(pool, 2);
    const waiting = pool.wait(bench.deadline());
    await pool.close();
    await expect(waiting).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
    pool.give(lent!);
    pool.give(idle!);
    await settled();
    expect([shard.open, pool.size, bench.clock.pending]).toEqual([0, 0, 0]);
  });
});

describe('the global bound', () => {
  it('is never exceeded', async () => {
    const bench = new Bench(4, 4);
    const shards = [new FakeShard(), new FakeShard(), new FakeShard()];
    const pools = shards.map((shard) => bench.pool(shard));
    const served = pools.map(() => 0);
    let most = 0;
    const calls = pools.flatMap((pool, index) =>
      Array.from({ length: 20 }, async () => {
        const connection = await pool.wait(bench.deadline());
        most = Math.max(
          most,
          shards.map(({ open }) => open).reduce((sum, open) => sum + open),
        );
        served[index]! += 1;
        await settled();
        pool.give(connection);
      }),
    );
    await Promise.all(calls);
    expect([most, served]).toEqual([4, [20, 20, 20]]);
  });

  it('leaves room for a shard that comes when another holds all it can and gives nothing back', async () => {
    const bench = new Bench(10, 10);
    const frozen = new FakeShard();
    const stuck = bench.pool(frozen);
    for (let call = 0; call < 50; call += 1) stuck.wait(bench.deadline()).catch(() => {});
    await settled();
    expect(frozen.open).toBe(5);
    const healthy = new FakeShard();
    await bench.lend(bench.pool(healthy), 5);
    expect(healthy.open).toBe(5);
  });

  it.each([1, 2, 3])('leaves room for each of four known shards when %i of them hold all they can, however they came', async (frozen) => {
    const bench = new Bench(10, 10, 4);
    const pools = Array.from({ length: 4 }, () => bench.pool(new FakeShard()));
    for (const pool of pools.slice(0, frozen)) {
      for (let call = 0; call < 50; call += 1) pool.wait(bench.deadline()).catch(() => {});
      await settled();
    }
    const calm = pools.slice(frozen);
    for (const pool of calm) for (let call = 0; call < 2; call += 1) pool.wait(bench.deadline()).catch(() => {});
    await settled();
    for (const pool of calm) expect(pool.size).toBeGreaterThanOrEqual(1);
    expect(pools.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(10);
  });

  it('gives shards that come late their fair share as soon as connections of the others come back', async () => {
    const bench = new Bench(10, 10, 4);
    const [a, b, c, d] = Array.from({ length: 4 }, () => bench.pool(new FakeShard())) as [Pool<FakeConnection>, ...Pool<FakeConnection>[]];
    const lent = [...(await bench.lend(a, 5)), ...(await bench.lend(b!, 3))];
    for (const pool of [a, b!, c!, d!]) for (let call = 0; call < 5; call += 1) pool.wait(bench.deadline()).catch(() => {});
    await settled();
    expect([a, b!, c!, d!].map(({ size }) => size)).toEqual([5, 3, 1, 1]);
    for (const connection of lent) (lent.indexOf(connection) < 5 ? a : b!).give(connection);
    await settled();
    for (const pool of [a, b!, c!, d!]) expect(pool.size).toBeGreaterThanOrEqual(2);
  });

  it('keeps no more than half back, however many shards are known', async () => {
    const bench = new Bench(10, 10, 100);
    await expect(bench.lend(bench.pool(new FakeShard()), 5)).resolves.toHaveLength(5);
  });

  it('keeps nothing back that shards in use need for one connection each', async () => {
    const bench = new Bench(3, 3, 100);
    const pools = Array.from({ length: 3 }, () => bench.pool(new FakeShard()));
    for (const pool of pools) await expect(bench.lend(pool, 1)).resolves.toHaveLength(1);
  });

  it('counts connects that hang against their own shard', async () => {
    const bench = new Bench(10, 10);
    const stuck = bench.pool(hangingShard());
    for (let call = 0; call < 50; call += 1) stuck.wait(bench.deadline()).catch(() => {});
    await settled();
    const healthy = new FakeShard();
    await bench.lend(bench.pool(healthy), 5);
    expect([stuck.size, healthy.open]).toEqual([5, 5]);
  });

  it('lets a shard borrow what the guarantees of the others do not need', async () => {
    const bench = new Bench(12, 10);
    const quiet = [bench.pool(new FakeShard()), bench.pool(new FakeShard())];
    for (const pool of quiet) pool.give((await bench.lend(pool, 1))[0]!);
    const busy = new FakeShard();
    const pool = bench.pool(busy, { waitMs: 60_000 });
    for (let call = 0; call < 20; call += 1) pool.wait(bench.deadline()).catch(() => {});
    await settled();
    // Three in use: 4 each. The two others hold 1 and are owed 3 each, so nothing can be borrowed before they close.
    expect(busy.open).toBe(4);
    bench.clock.advance(10_000);
    await settled();
    expect(busy.open).toBe(6);
  });

  it('closes an idle connection of one shard for another that is below its share', async () => {
    const bench = new Bench(4, 4);
    const rich = new FakeShard();
    const richPool = bench.pool(rich);
    for (const connection of await bench.lend(richPool, 2)) richPool.give(connection);
    const others = [new FakeShard(), new FakeShard()];
    await Promise.all(others.map((shard) => bench.lend(bench.pool(shard), 1)));
    const late = new FakeShard();
    await bench.lend(bench.pool(late), 1);
    expect([rich.open, late.open]).toEqual([1, 1]);
  });

  it('takes a connection that comes back from a shard above its share for one below', async () => {
    const bench = new Bench(4, 4);
    const rich = new FakeShard();
    const richPool = bench.pool(rich);
    const lent = await bench.lend(richPool, 2);
    richPool.wait(bench.deadline()).catch(() => {});
    await bench.lend(bench.pool(new FakeShard()), 2);
    const late = new FakeShard();
    const wanted = bench.lend(bench.pool(late), 1);
    await settled();
    expect(late.open).toBe(0);
    richPool.give(lent[0]!);
    await wanted;
    expect([rich.open, late.open]).toEqual([1, 1]);
  });
});
