import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import { SqlFailure } from '../../../src/engine/sql-failure.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeFleet } from '../../support/fake-fleet.ts';
import type { FakeShard } from '../../support/fake-shards.ts';

const statement = sql`select 1`;

/** The shard answers nothing until the gate opens; how many statements are there at most. */
function gated(shard: FakeShard) {
  const gate = Promise.withResolvers<void>();
  const seen = { now: 0, most: 0, byKey: new Map<number, number>() };
  shard.answer = async ({ entry }) => {
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    seen.byKey.set(entry.mappingId, (seen.byKey.get(entry.mappingId) ?? 0) + 1);
    await gate.promise;
    seen.now -= 1;
    return [];
  };
  return { open: gate.resolve, seen };
}

describe('the turns of a tenant', () => {
  it('leave room for its neighbours', async () => {
    const fleet = new FakeFleet({ limits: { perTenant: 3, poolPerShard: 4 } });
    const { open, seen } = gated(fleet.shards.a);
    const calls = Array.from({ length: 20 }, () => fleet.router.query(2, statement));
    await immediate();
    calls.push(fleet.router.query(4, statement));
    await immediate();
    expect([...seen.byKey]).toEqual([
      [2, 3],
      [4, 1],
    ]);
    open();
    await Promise.all(calls);
    expect(seen.byKey.get(2)).toBe(20);
    await fleet.router.close();
  });

  it('count transactions, and end with them', async () => {
    const fleet = new FakeFleet({ limits: { perTenant: 1 } });
    const gate = Promise.withResolvers<void>();
    const transaction = fleet.router.withTenant(2, () => gate.promise);
    const query = fleet.router.query(2, statement);
    await immediate();
    expect(fleet.shards.a.asked).toBe(1);
    gate.resolve();
    await Promise.all([transaction, query]);
    expect(fleet.shards.a.asked).toBe(2);
    await fleet.router.close();
  });

  it('are waited for by transactions', async () => {
    const fleet = new FakeFleet({ limits: { perTenant: 1 } });
    const { open, seen } = gated(fleet.shards.a);
    const transactions = Array.from({ length: 3 }, () => fleet.router.withTenant(2, (session) => session.query(statement)));
    await immediate();
    expect(seen.now).toBe(1);
    open();
    await Promise.all(transactions);
    expect(seen.most).toBe(1);
    await fleet.router.close();
  });

  it('are waited for within bounds', async () => {
    const clock = new FakeClock();
    const fleet = new FakeFleet({ clock, limits: { perTenant: 1, waiting: 2, waitMs: 1_000 } });
    const { open } = gated(fleet.shards.a);
    const running = fleet.router.query(2, statement);
    const caller = new AbortController();
    const cancelled = fleet.router.query(2, statement, { signal: caller.signal });
    const late = fleet.router.query(2, statement);
    await immediate();
    await expect(fleet.router.query(2, statement)).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
    caller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    const short = fleet.router.query(2, statement, { timeoutMs: 500 });
    clock.advance(500);
    await expect(short).rejects.toMatchObject({ code: 'TIMEOUT' });
    clock.advance(500);
    await expect(late).rejects.toMatchObject({ code: 'OVERLOADED' });
    open();
    await running;
    await fleet.router.query(2, statement);
    await fleet.router.close();
  });
});

describe('the breaker of a shard', () => {
  /** Every connect is refused. */
  function down(shard: FakeShard, error = new TenantryError('SHARD_UNAVAILABLE', 'refused')): void {
    shard.connecting = async () => {
      throw error;
    };
  }

  it('fails fast after failures one after another, tries now and again, and closes when the shard is back', async () => {
    const clock = new FakeClock();
    const fleet = new FakeFleet({ clock });
    let tried = 0;
    fleet.shards.a.connecting = async () => {
      tried += 1;
      throw new TenantryError('SHARD_UNAVAILABLE', 'refused', { retryAfterMs: 1 });
    };
    const call = () => fleet.router.query(2, statement).catch((error: unknown) => error);
    for (let time = 0; time < 20; time += 1) expect(await call()).toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    expect(tried).toBe(5);
    expect(await call()).toMatchObject({ retryAfterMs: 188 });
    clock.advance(250);
    await call();
    await call();
    expect(tried).toBe(6);
    fleet.shards.a.connecting = async () => {};
    clock.advance(500);
    expect(await call()).toMatchObject({ rowCount: 0 });
    expect(fleet.events.filter((event) => event.startsWith('breaker'))).toEqual(['breaker a open', 'breaker a closed']);
    await fleet.router.close();
  });

  it('is one for each shard', async () => {
    const fleet = new FakeFleet();
    down(fleet.shards.a);
    for (let time = 0; time < 5; time += 1) await fleet.router.query(2, statement).catch(() => {});
    expect(fleet.events).toContain('breaker a open');
    expect(await fleet.router.query(3, statement)).toMatchObject({ rowCount: 0 });
    await fleet.router.close();
  });

  it('frees who waits when it opens', async () => {
    const fleet = new FakeFleet({ limits: { poolPerShard: 5, perTenant: 100 } });
    const { promise, reject } = Promise.withResolvers<never>();
    fleet.shards.a.answer = async (_request, connection) => {
      await promise.finally(() => {
        connection.usable = false;
      });
      return [];
    };
    const calls = Array.from({ length: 50 }, () =>
      fleet.router.query(2, statement, { timeoutMs: 30_000 }).catch((error: unknown) => error),
    );
    await immediate();
    down(fleet.shards.a);
    reject(new TenantryError('COMMIT_UNKNOWN', undefined, { outcome: 'unknown' }));
    const codes = (await Promise.all(calls)).map((error) => (error as TenantryError).code);
    expect(codes.filter((code) => code === 'COMMIT_UNKNOWN')).toHaveLength(5);
    expect(codes.filter((code) => code === 'SHARD_UNAVAILABLE')).toHaveLength(45);
    await fleet.router.close();
  });

  it('opens at once for a shard that is not fit, and lends no connection from before', async () => {
    const clock = new FakeClock();
    const fleet = new FakeFleet({ clock, limits: { poolPerShard: 2 } });
    const { open } = gated(fleet.shards.a);
    const running = fleet.router.query(2, statement);
    await immediate();
    down(fleet.shards.a, new TenantryError('SHARD_UNVERIFIED', 'It has no policy.'));
    const second = fleet.router.query(2, statement);
    await expect(second).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    open();
    await running;
    expect(fleet.shards.a.open).toBe(0);
    await expect(fleet.router.query(2, statement)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    expect(fleet.events.filter((event) => event.startsWith('failed'))).toHaveLength(1);
    fleet.shards.a.connecting = async () => {};
    clock.advance(250);
    await fleet.router.query(2, statement);
    await fleet.router.close();
  });

  it('does not mind statements that time out or are cancelled, where the connection is well', async () => {
    const fleet = new FakeFleet();
    fleet.shards.a.answer = async () => {
      throw new TenantryError('TIMEOUT');
    };
    for (let time = 0; time < 20; time += 1) await fleet.router.query(2, statement).catch(() => {});
    expect(fleet.shards.a).toMatchObject({ asked: 20, opened: 1 });
    await fleet.router.close();
  });
});

describe('what a tenant can bring about says nothing of its shard:', () => {
  it('a limit that the server enforced by ending the connection', async () => {
    const fleet = new FakeFleet();
    const gate = Promise.withResolvers<void>();
    fleet.shards.a.answer = async (_request, connection) => {
      await gate.promise;
      connection.usable = false;
      throw new TenantryError('TIMEOUT', undefined, { cause: new SqlFailure({ sqlState: '25P04' }) });
    };
    const calls = Array.from({ length: 8 }, () => fleet.router.query(2, statement));
    await immediate();
    gate.resolve();
    await Promise.allSettled(calls);
    expect(fleet.shards.a.asked).toBe(8);
    expect(fleet.events.filter((event) => event.startsWith('breaker'))).toEqual([]);
    await fleet.router.close();
  });

  it('a transaction that was not over in its time, with a statement running still', async () => {
    const clock = new FakeClock();
    const fleet = new FakeFleet({ clock, limits: { transactionTimeoutMs: 1_000 } });
    fleet.shards.a.answer = ({ statement: asked }) => (asked === undefined ? Promise.resolve([]) : new Promise(() => {}));
    const late = Array.from({ length: 8 }, () => fleet.router.withTenant(2, (session) => session.query(statement)));
    await immediate();
    clock.advance(1_000);
    const timedOut = { status: 'rejected', reason: expect.objectContaining({ code: 'TIMEOUT' }) as unknown };
    expect(await Promise.allSettled(late)).toEqual(Array.from({ length: 8 }, () => timedOut));
    expect(fleet.events.filter((event) => event.startsWith('breaker'))).toEqual([]);
    await fleet.router.close();
  });
});

describe('closing', () => {
  it('waits for what runs and waits, and takes no more', async () => {
    const fleet = new FakeFleet({ limits: { poolPerShard: 1 } });
    const { open } = gated(fleet.shards.a);
    const calls = [fleet.router.query(2, statement), fleet.router.query(4, statement)];
    await immediate();
    const closed = fleet.router.close();
    await expect(fleet.router.query(2, statement)).rejects.toMatchObject({
      code: 'SESSION_MISUSE',
      message: expect.stringContaining('closed'),
    });
    open();
    await Promise.all(calls);
    await closed;
    expect(fleet.shards.a).toMatchObject({ asked: 2, open: 0 });
  });

  it('ends what does not end by itself', async () => {
    const fleet = new FakeFleet();
    gated(fleet.shards.a);
    void fleet.router.query(2, statement);
    await immediate();
    await fleet.router.close(20);
    expect(fleet.shards.a.open).toBe(0);
  });
});
