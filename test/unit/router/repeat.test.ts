import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, TenantryError } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import { EntryRefused, type Refusal } from '../../../src/engine/entry.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeFleet } from '../../support/fake-fleet.ts';
import type { FakeShard } from '../../support/fake-shards.ts';

/** The shard fails the first `times` requests this way, and then answers `{ asked }`. */
function failing(shard: FakeShard, times: number, failure: () => Error, usable = true): void {
  let left = times;
  shard.answer = async (_request, connection) => {
    left -= 1;
    if (left < 0) return [{ asked: shard.asked }];
    if (!usable) connection.usable = false;
    throw failure();
  };
}

const refused = (refusal: Refusal) => () => new EntryRefused(refusal);
const lost = (code: ErrorCode) => () => new TenantryError(code, undefined, { outcome: code === 'COMMIT_UNKNOWN' ? 'unknown' : 'not-run' });

describe('repeating a statement', () => {
  it('goes on with a connection that nobody has used where one was not reset, and gives up where those are like it', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 1, refused({ reason: 'NOT_RESET' }), false);
    expect((await fleet.router.query(2, sql`update x`)).rows).toEqual([{ asked: 2 }]);
    expect(fleet.events.filter((event) => event !== 'closed a')).toEqual([
      'opened a',
      'refused a NOT_RESET',
      'resets failed a',
      'repeated a NOT_RESET',
      'opened a',
      'query ok',
    ]);
    failing(fleet.shards.a, Infinity, refused({ reason: 'NOT_RESET' }), false);
    await expect(fleet.router.query(2, sql`update x`)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(fleet.shards.a.asked).toBe(6);
    expect(fleet.events.filter((event) => event === 'resets failed a')).toHaveLength(1);
    await fleet.router.close();
  });

  it.each(['DRAINING', 'INCOMING'] as const)('waits while the tenant is %s', async (reason) => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 3, refused({ reason }));
    expect((await fleet.router.query(2, sql`update x`)).rows).toEqual([{ asked: 4 }]);
    await fleet.router.close();
  });

  it('gives up on a move with TENANT_MOVING within its budget', async () => {
    const clock = new FakeClock();
    const fleet = new FakeFleet({ clock, limits: { waitMs: 100 } });
    failing(fleet.shards.a, Infinity, refused({ reason: 'DRAINING' }));
    const call = fleet.router.query(2, sql`update x`);
    const given = expect(call).rejects.toMatchObject({ code: 'TENANT_MOVING', retryable: true, retryAfterMs: 1_000 });
    // Pauses of 10, 20 and 40 ms; one of 80 ms would be over the budget.
    for (const pauseMs of [10, 20, 40]) {
      await immediate();
      clock.advance(pauseMs);
    }
    await given;
    expect([fleet.shards.a.asked, clock.now()]).toEqual([4, 70]);
    await fleet.router.close();
  });

  it('pauses for any part of a time that doubles up to a second', async () => {
    const clock = new FakeClock();
    const parts = [0.75, 0.25, 0.5, 1, 0.125, 1, 1, 1];
    const fleet = new FakeFleet({ clock, limits: { waitMs: 60_000 }, random: () => parts.shift()! });
    failing(fleet.shards.a, 8, refused({ reason: 'DRAINING' }));
    const call = fleet.router.query(2, sql`update x`, { timeoutMs: 60_000 });
    const asked = async (): Promise<number> => {
      await immediate();
      return fleet.shards.a.asked;
    };
    for (const [index, pauseMs] of [15, 10, 40, 160, 40, 640, 1_000, 1_000].entries()) {
      expect(await asked()).toBe(index + 1);
      clock.advance(pauseMs - 0.5);
      expect(await asked()).toBe(index + 1);
      clock.advance(0.5);
    }
    expect((await call).rows).toEqual([{ asked: 9 }]);
    await fleet.router.close();
  });

  it('says TENANT_OFFLINE at once', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 1, refused({ reason: 'OFFLINE' }));
    await expect(fleet.router.query(2, sql`select 1`, { readOnly: true })).rejects.toMatchObject({ code: 'TENANT_OFFLINE' });
    expect(fleet.shards.a.asked).toBe(1);
    await fleet.router.close();
  });

  it('ends with TENANT_MOVING where two shards send the call to each other', async () => {
    const fleet = new FakeFleet({ limits: { waitMs: 100 } });
    failing(fleet.shards.a, Infinity, refused({ reason: 'MOVED', shardId: 'b', epoch: 2 }));
    failing(fleet.shards.b, Infinity, refused({ reason: 'MOVED', shardId: 'a', epoch: 2 }));
    await expect(fleet.router.query(2, sql`select 1`)).rejects.toMatchObject({
      code: 'TENANT_MOVING',
      message: expect.stringContaining('tenantry recover'),
    });
    expect(fleet.shards.a.asked + fleet.shards.b.asked).toBeLessThan(15);
    await fleet.router.close();
  });

  it('tries the previous fleet key, and remembers which one a shard took', async () => {
    const fleet = new FakeFleet({ tokens: [() => Uint8Array.of(1), () => Uint8Array.of(2)] });
    fleet.shards.a.answer = async ({ entry }) => {
      if (entry.token[0] !== 2) throw new EntryRefused({ reason: 'BAD_TOKEN' });
      return [];
    };
    await fleet.router.query(2, sql`select 1`);
    await fleet.router.query(2, sql`select 1`);
    expect(fleet.shards.a.asked).toBe(3);
    fleet.shards.a.answer = async () => {
      throw new EntryRefused({ reason: 'BAD_TOKEN' });
    };
    await expect(fleet.router.query(2, sql`select 1`)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    await fleet.router.close();
  });

  it('tries the first fleet key again: a rotation may come between two attempts', async () => {
    const fleet = new FakeFleet({ tokens: [() => Uint8Array.of(1), () => Uint8Array.of(2)] });
    const shown: (number | undefined)[] = [];
    fleet.shards.a.answer = async ({ entry }) => {
      shown.push(entry.token[0]);
      if (shown.length < 3) throw new EntryRefused({ reason: 'BAD_TOKEN' });
      return [];
    };
    await fleet.router.query(2, sql`select 1`);
    expect(shown).toEqual([1, 2, 1]);
    await fleet.router.close();
  });

  it('calls refused together go on to the other fleet key together', async () => {
    const fleet = new FakeFleet({ tokens: [() => Uint8Array.of(1), () => Uint8Array.of(2)] });
    const arrived = Promise.withResolvers<void>();
    fleet.shards.a.answer = async ({ entry }) => {
      if (fleet.shards.a.asked === 2) arrived.resolve();
      await arrived.promise;
      if (entry.token[0] !== 2) throw new EntryRefused({ reason: 'BAD_TOKEN' });
      return [];
    };
    await Promise.all([fleet.router.query(2, sql`select 1`), fleet.router.query(2, sql`select 1`)]);
    expect(fleet.shards.a.asked).toBe(4);
    await fleet.router.close();
  });

  it('shows a shard the mapping that the route says, at the same epoch too', async () => {
    const fleet = new FakeFleet();
    const shown: number[] = [];
    fleet.shards.a.answer = async ({ entry }) => {
      shown.push(entry.mappingId);
      return [];
    };
    await fleet.router.query(2, sql`select 1`);
    fleet.known.set(2, { mappingId: 20, shardId: 'a', epoch: 1 });
    await fleet.router.query(2, sql`select 1`);
    expect(shown).toEqual([2, 20]);
    await fleet.router.close();
  });

  it('computes a token once for a mapping and epoch', async () => {
    let computed = 0;
    const fleet = new FakeFleet({
      tokens: [
        () => {
          computed += 1;
          return Uint8Array.of(1);
        },
      ],
    });
    for (let call = 0; call < 5; call += 1) await fleet.router.query(2, sql`select 1`);
    expect(computed).toBe(1);
    fleet.known.set(2, { mappingId: 2, shardId: 'a', epoch: 2 });
    await fleet.router.query(2, sql`select 1`);
    expect(computed).toBe(2);
    await fleet.router.close();
  });

  it('repeats a write whose connection was lost before it was sent', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 1, lost('SHARD_UNAVAILABLE'), false);
    expect((await fleet.router.query(2, sql`insert into x`)).rows).toEqual([{ asked: 2 }]);
    await fleet.router.close();
  });

  it('never repeats a write whose outcome is unknown', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 1, lost('COMMIT_UNKNOWN'), false);
    await expect(fleet.router.query(2, sql`insert into x`)).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
    expect(fleet.shards.a.asked).toBe(1);
    failing(fleet.shards.a, 1, () => new TenantryError('SHARD_UNAVAILABLE', undefined, { outcome: 'unknown' }), false);
    await expect(fleet.router.query(2, sql`insert into x`)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'unknown' });
    expect(fleet.shards.a.asked).toBe(2);
    await fleet.router.close();
  });

  it.each([
    ['TENANT_MOVING', refused({ reason: 'DRAINING' }), true],
    ['SHARD_UNAVAILABLE', lost('SHARD_UNAVAILABLE'), false],
  ] as const)('says what was wrong, %s, at once where the next pause would outlast the call', async (code, failure, usable) => {
    const clock = new FakeClock();
    const fleet = new FakeFleet({ clock });
    failing(fleet.shards.a, Infinity, failure, usable);
    // The first pause is 10 ms here: a clock that stands still would let no pause end.
    await expect(fleet.router.query(2, sql`select 1`, { timeoutMs: 10 })).rejects.toMatchObject({ code });
    expect(fleet.shards.a.asked).toBe(1);
    await fleet.router.close();
  });

  it.each([{ readOnly: true }, { idempotent: true }])('repeats it where that is harmless: %o', async (options) => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 2, lost('COMMIT_UNKNOWN'), false);
    expect((await fleet.router.query(2, sql`upsert x`, options)).rows).toEqual([{ asked: 3 }]);
    await fleet.router.close();
  });

  it('repeats a statement that a conflict rolled back', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 1, lost('SERIALIZATION_FAILURE'));
    expect((await fleet.router.query(2, sql`insert into x`)).rows).toEqual([{ asked: 2 }]);
    await fleet.router.close();
  });

  it.each(['STATEMENT_FAILED', 'TIMEOUT', 'CANCELLED', 'TRANSACTION_CONTROL', 'SHARD_UNVERIFIED'] as const)(
    'passes %s on at once',
    async (code) => {
      const fleet = new FakeFleet();
      failing(fleet.shards.a, 1, lost(code));
      await expect(fleet.router.query(2, sql`select 1`, { readOnly: true })).rejects.toMatchObject({ code });
      expect(fleet.shards.a.asked).toBe(1);
      await fleet.router.close();
    },
  );

  it('stops after a few times', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, Infinity, lost('SHARD_UNAVAILABLE'), false);
    await expect(fleet.router.query(2, sql`select 1`, { readOnly: true })).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    expect(fleet.shards.a.asked).toBe(4);
    await fleet.router.close();
  });

  it('is a small part of all calls where a shard goes on failing now and then', async () => {
    const fleet = new FakeFleet();
    fleet.shards.a.answer = async (_request, connection) => {
      if (fleet.shards.a.asked % 3 === 0) return [];
      connection.usable = false;
      throw lost('SHARD_UNAVAILABLE')();
    };
    const calls = 100;
    for (let call = 0; call < calls; call += 1) await fleet.router.query(2, sql`select 1`, { timeoutMs: 60_000 }).catch(() => {});
    expect(fleet.shards.a.asked - calls).toBeLessThan(20);
    await fleet.router.close();
  });

  it('leaves a pause when its caller gives up', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, Infinity, refused({ reason: 'DRAINING' }));
    const caller = new AbortController();
    const call = fleet.router.query(2, sql`select 1`, { signal: caller.signal });
    await expect.poll(() => fleet.events).toContain('repeated a DRAINING');
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await fleet.router.close();
  });

  it('looks up anew where the catalog has no such shard any more', async () => {
    const fleet = new FakeFleet();
    fleet.known.set(2, { mappingId: 2, shardId: 'gone', epoch: 1 });
    await fleet.router.query(2, sql`select 1`);
    expect([fleet.found, fleet.shards.a.asked]).toEqual([1, 1]);
    await fleet.router.close();
  });

  it('hides what is no error of its own behind INTERNAL', async () => {
    const fleet = new FakeFleet();
    const bug = new TypeError('secret');
    failing(fleet.shards.a, 2, () => bug);
    const failure: unknown = await fleet.router.query(2, sql`select 1`).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INTERNAL', message: 'An unexpected error occurred.', cause: bug });
    await fleet.router.close();
  });

  it('never repeats the callback of a transaction, but its beginning', async () => {
    const fleet = new FakeFleet();
    failing(fleet.shards.a, 2, lost('COMMIT_UNKNOWN'), false);
    let started = 0;
    await fleet.router.withTenant(2, async () => {
      started += 1;
    });
    expect([started, fleet.shards.a.asked, fleet.shards.a.log]).toEqual([1, 3, ['commit']]);
    await expect(
      fleet.router.withTenant(2, async (session) => {
        started += 1;
        failing(fleet.shards.a, 1, lost('SHARD_UNAVAILABLE'), false);
        await session.query(sql`insert into x`);
      }),
    ).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    expect(started).toBe(2);
    await fleet.router.close();
  });
});
