import { describe, expect, it } from 'vitest';
import { ConnectionBudget, type BudgetShare } from '../../../src/engine/connection-budget.ts';
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

/** A pool that only counts what the budget asks of it. */
class Member {
  waiting = 0;
  idle = 0;
  closed = 0;
  grown = 0;

  closeIdle(): void {
    this.closed += 1;
  }

  grow(): void {
    this.grown += 1;
  }
}

/** Members of a budget, each of which holds so many slots. */
function holding(budget: ConnectionBudget, counts: readonly number[]): { readonly member: Member; readonly share: BudgetShare }[] {
  return counts.map((count) => {
    const member = new Member();
    const share = budget.join(member);
    expect(Array.from({ length: count }, () => budget.reserve(share))).toEqual(Array.from({ length: count }, () => true));
    return { member, share };
  });
}

/** Wants a slot for a call that waits; whether it is there. */
function wants(budget: ConnectionBudget, { member, share }: { readonly member: Member; readonly share: BudgetShare }): boolean {
  member.waiting = 1;
  return budget.reserve(share);
}

describe('a connection that comes back', () => {
  it('goes to a shard that has none, where there are more shards than connections, unless its own has calls that wait', () => {
    const budget = new ConnectionBudget(2, 2);
    const [one, , late] = holding(budget, [1, 1, 0]);
    expect(wants(budget, late!)).toBe(false);
    expect(budget.mustYield(one!.share)).toBe(true);
    one!.member.waiting = 1;
    expect(budget.mustYield(one!.share)).toBe(false);
  });

  it('stays where it is for a shard that has its fair share, or whose calls have given up', () => {
    const budget = new ConnectionBudget(4, 4);
    const [one, other] = holding(budget, [2, 2]);
    expect(wants(budget, other!)).toBe(false);
    expect(budget.mustYield(one!.share)).toBe(false);

    const late = holding(budget, [0])[0]!;
    expect(wants(budget, late)).toBe(false);
    expect(budget.mustYield(one!.share)).toBe(true);
    late.member.waiting = 0;
    expect(budget.mustYield(one!.share)).toBe(false);
  });

  it('stays where it is once the shard that wanted one has got it', () => {
    const budget = new ConnectionBudget(6, 6);
    const [one, other, late] = holding(budget, [3, 3, 0]);
    expect(wants(budget, late!)).toBe(false);
    expect(budget.mustYield(other!.share)).toBe(true);
    budget.release(one!.share);
    expect([late!.member.grown, wants(budget, late!)]).toEqual([1, true]);
    expect(budget.mustYield(other!.share)).toBe(false);
  });

  it('is told to nobody who has left, and counts for nobody who is in use', () => {
    const budget = new ConnectionBudget(6, 6);
    const [one, two, three, late] = holding(budget, [2, 2, 2, 0]);
    expect(wants(budget, late!)).toBe(false);
    for (const { share } of [two!, three!, late!]) budget.leave(share);
    budget.release(three!.share);
    expect([late!.member.grown, budget.reserve(one!.share), one!.share.held]).toEqual([0, true, 3]);
  });
});

describe('an idle connection', () => {
  it('is closed for a shard below its share once for each slot that came back, of the shard that holds most', () => {
    const budget = new ConnectionBudget(8, 8);
    const poor = holding(budget, [0])[0]!;
    const [busy, rich, late] = holding(budget, [4, 3, 0]);
    expect(budget.reserve(poor.share)).toBe(true);
    for (const { member } of [poor, rich!]) member.idle = 1;
    const closed = (): number[] => [poor, rich!, busy!, late!].map(({ member }) => member.closed);
    expect([wants(budget, late!), wants(budget, late!), closed()]).toEqual([false, false, [0, 1, 0, 0]]);
    budget.release(rich!.share);
    // Somebody else was quicker.
    poor.member.idle = 0;
    expect([wants(budget, poor), wants(budget, late!), closed()]).toEqual([true, false, [0, 2, 0, 0]]);
  });

  it('is not closed for the shard that has it', () => {
    const budget = new ConnectionBudget(4, 4);
    const [one, other] = holding(budget, [1, 2]);
    holding(budget, [1]);
    other!.member.idle = 0;
    one!.member.idle = 1;
    budget.leave(other!.share);
    expect([wants(budget, one!), one!.member.closed]).toEqual([false, 0]);
  });
});

describe('a shard above its share', () => {
  it('borrows nothing of what others are owed, however much more a third one holds', () => {
    const budget = new ConnectionBudget(13, 13);
    const shares = holding(budget, [6, 2, 4]);
    expect(budget.reserve(shares[2]!.share)).toBe(false);
  });
});
