import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import type { TenantSession } from '../../../src/router/router.ts';
import { type ShardFleet, startShardFleet } from '../../support/shard-fleet.ts';

const insert = (id: number) => sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'Ann')`;
const count = sql`select count(*)::int as blogs from "Blogs"`;
const never = new Promise<never>(() => {});

let fleet: ShardFleet;
beforeAll(async () => {
  fleet = await startShardFleet();
  await fleet.addTenant(1, fleet.a);
});
afterAll(() => fleet.stop());

/** Whether a move could draw its fence: no transaction is inside the mapping. */
const canFence = async (): Promise<unknown> =>
  await fleet.a.shard.admin.transaction(
    async (session) => (await session.query(sql`select pg_try_advisory_xact_lock(1413828161, 1) as free`)).rows[0]!['free'],
  );

describe('a transaction whose callback does not end', () => {
  it('is rolled back at its limit, and gives up its lock, its turn and its connection', async () => {
    const router = fleet.router({ transactionTimeoutMs: 1_500, perTenant: 1, poolPerShard: 1, connections: 1 });
    let kept: TenantSession | undefined;
    let heldWhileItRan: unknown;
    const hanging = router.withTenant(1, async (session) => {
      kept = session;
      await session.query(insert(1));
      heldWhileItRan = !(await canFence());
      return never;
    });
    await expect(hanging).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-run' });
    expect(heldWhileItRan).toBe(true);
    expect(await canFence()).toBe(true);
    await expect(kept!.query(count)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect((await router.query(1, count)).rows).toEqual([{ blogs: 0 }]);
    expect(router.events).toEqual(['opened']);
  });

  it('fails with TIMEOUT in the statement that runs at that moment, and no neighbour pays for it', async () => {
    const router = fleet.router({ transactionTimeoutMs: 1_500 });
    const inside: unknown[] = [];
    const slow = (): Promise<unknown> =>
      router.withTenant(1, (session) => session.query(sql`select pg_sleep(10)`).catch((error: unknown) => inside.push(error)));
    const ends = await Promise.allSettled(Array.from({ length: 6 }, slow));
    const timedOut = expect.objectContaining({ code: 'TIMEOUT' });
    expect(ends).toEqual(Array.from({ length: 6 }, () => ({ status: 'rejected', reason: timedOut })));
    expect((await router.query(1, count)).rows).toEqual([{ blogs: 0 }]);
    expect(inside).toEqual(Array.from({ length: 6 }, () => timedOut));
    expect(router.events.filter((event) => event.startsWith('breaker'))).toEqual([]);
  });
});
