import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { allCapabilities } from '../../support/all-capabilities.ts';
import { FakeShard } from '../../support/fake-shards.ts';
import { hangingShard, PoolBench, settled } from '../../support/pool-bench.ts';

describe('a pool', () => {
  it('opens a connection when a call waits, and lends the one used last first', async () => {
    const bench = new PoolBench(10, 5);
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
    const bench = new PoolBench(10, 2);
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
    const bench = new PoolBench(10, 1);
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
    const bench = new PoolBench(10, 2);
    const shard = new FakeShard();
    const pool = bench.pool(shard);
    const lent = await bench.lend(pool, 2);
    for (const connection of lent) pool.give(connection);
    lent[1]!.usable = false;
    expect(pool.take()).toBe(lent[0]);
    expect(lent[1]!.closed).toBe(true);
  });

  it('closes what was not needed for the idle time, and keeps what was', async () => {
    const bench = new PoolBench(10, 5);
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
    const bench = new PoolBench(10, 1);
    const pool = bench.pool(new FakeShard(), { waiting: 1 });
    await bench.lend(pool, 1);
    const late = pool.wait(bench.deadline());
    await expect(pool.wait(bench.deadline())).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
    bench.clock.advance(1_000);
    await expect(late).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(pool.waiting).toBe(0);
  });

  it('lets a call go at its deadline with TIMEOUT, and at once with CANCELLED when it is aborted', async () => {
    const bench = new PoolBench(10, 1);
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
    const bench = new PoolBench(10, 1);
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
    const bench = new PoolBench(10, 1);
    const pool = bench.pool(hangingShard());
    const waiting = pool.wait(bench.deadline());
    await settled();
    bench.clock.advance(500);
    await expect(waiting).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    await settled();
    expect(pool.size).toBe(0);
  });

  it('tells a waiter why nothing could be opened, where nothing is lent', async () => {
    const bench = new PoolBench(10, 5);
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
    const bench = new PoolBench(10, 5);
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

  it('lends nothing again that was open when it was retired', async () => {
    const bench = new PoolBench(10, 5);
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

  it('lends nothing that was being opened when it was retired', async () => {
    const bench = new PoolBench(10, 5);
    const shard = new FakeShard();
    const opened = Promise.withResolvers<void>();
    shard.connecting = () => opened.promise;
    const pool = bench.pool(shard);
    const call = pool.wait(bench.deadline());
    pool.retire();
    let again = 0;
    shard.connecting = async () => void (again += 1);
    opened.resolve();
    const lent = await call;
    expect([again, shard.open, pool.size]).toEqual([1, 1, 1]);
    pool.give(lent);
    expect(pool.idle).toBe(1);
  });

  it('lends a connection once that is not to be used again, whenever that is', async () => {
    const bench = new PoolBench(10, 1);
    const shard = new FakeShard();
    shard.capabilities = { ...allCapabilities, resetClearsContext: false };
    const pool = bench.pool(shard);
    const [first] = await bench.lend(pool, 1);
    const next = pool.wait(bench.deadline());
    pool.give(first!);
    const second = await next;
    expect([second === first, first!.closed, shard.open, pool.size]).toEqual([false, true, 1, 1]);
    // It was opened for a call that has gone: nobody has used it.
    const caller = new AbortController();
    const connected = Promise.withResolvers<void>();
    shard.connecting = () => connected.promise;
    const gone = pool.wait(bench.deadline(1_000, caller.signal));
    pool.give(second);
    await settled();
    caller.abort();
    await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' });
    await settled();
    connected.resolve();
    await settled();
    const third = pool.take();
    expect([third === undefined, pool.idle]).toEqual([false, 0]);
    pool.give(third!);
    expect([pool.take(), third!.closed]).toEqual([undefined, true]);
  });

  it('closes everything, also what is lent or being opened, and rejects who waits', async () => {
    const bench = new PoolBench(10, 2);
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
