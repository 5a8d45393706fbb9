import { describe, expect, it } from 'vitest';
import type { Pool } from '../../../src/engine/pool.ts';
import { FakeShard, type FakeConnection } from '../../support/fake-shards.ts';
import { hangingShard, PoolBench, settled } from '../../support/pool-bench.ts';

describe('the global bound', () => {
  it('is never exceeded', async () => {
    const bench = new PoolBench(4, 4);
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
    const bench = new PoolBench(10, 10);
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
    const bench = new PoolBench(10, 10, 4);
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
    const bench = new PoolBench(10, 10, 4);
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
    const bench = new PoolBench(10, 10, 100);
    await expect(bench.lend(bench.pool(new FakeShard()), 5)).resolves.toHaveLength(5);
  });

  it('keeps nothing back that shards in use need for one connection each', async () => {
    const bench = new PoolBench(3, 3, 100);
    const pools = Array.from({ length: 3 }, () => bench.pool(new FakeShard()));
    for (const pool of pools) await expect(bench.lend(pool, 1)).resolves.toHaveLength(1);
  });

  it('counts connects that hang against their own shard', async () => {
    const bench = new PoolBench(10, 10);
    const stuck = bench.pool(hangingShard());
    for (let call = 0; call < 50; call += 1) stuck.wait(bench.deadline()).catch(() => {});
    await settled();
    const healthy = new FakeShard();
    await bench.lend(bench.pool(healthy), 5);
    expect([stuck.size, healthy.open]).toEqual([5, 5]);
  });

  it('lets a shard borrow what the guarantees of the others do not need', async () => {
    const bench = new PoolBench(12, 10);
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
    const bench = new PoolBench(4, 4);
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
    const bench = new PoolBench(4, 4);
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
