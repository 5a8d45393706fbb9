import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantryError } from '../../src/core/errors.ts';
import { sql, sqlText } from '../../src/core/sql.ts';
import { seed } from '../support/random.ts';
import { startFleet, type RealFleet } from '../support/real-fleet.ts';

const tenants = 16;
const perShard = 4;
const callers = 16;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let fleet: RealFleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: 2,
    tenants,
    schema: `create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
      insert into "Blogs" select tenant, blog, 'a blog' from generate_series(1, ${tenants}) tenant, generate_series(1, 20) blog`,
    tables: ['Blogs'],
    limits: { poolPerShard: perShard },
    fsync: false,
  });
});
afterAll(() => fleet.close());

/** A signal that outlives its requests, as a service's own does. */
const lasting = new AbortController();

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Tally {
  served: number;
  cancelled: number;
}

/** Sends reads and writes of random tenants, one in twenty aborted while it waits, runs or answers. */
async function send(count: number, random: () => number): Promise<Tally> {
  const tally: Tally = { served: 0, cancelled: 0 };
  let sent = 0;
  const caller = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      const tenant = 1 + Math.floor(random() * tenants);
      const blog = 1 + Math.floor(random() * 20);
      const aborted = random() < 0.05;
      const abort = aborted ? new AbortController() : lasting;
      const answer =
        random() < 0.8
          ? fleet.tenantry.router.query(tenant, sql`select "BlogId", "Name" from "Blogs" where "BlogId" = ${blog}`, {
              signal: abort.signal,
              readOnly: true,
            })
          : fleet.tenantry.router.query(tenant, sql`update "Blogs" set "Name" = ${'a blog'} where "BlogId" = ${blog}`, {
              signal: abort.signal,
            });
      if (aborted) setImmediate(() => abort.abort());
      await answer.then(
        ({ rowCount }) => {
          tally.served += rowCount;
        },
        (error: unknown) => {
          if (!aborted || !(error instanceof TenantryError) || (error.code !== 'CANCELLED' && error.code !== 'COMMIT_UNKNOWN')) throw error;
          tally.cancelled += 1;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return tally;
}

/** Has every connection that the pools allow open and idle. */
async function fillPools(): Promise<void> {
  let inside = 0;
  let openDoors = (): void => undefined;
  const allInside = new Promise<void>((resolve) => (openDoors = resolve));
  await Promise.all(
    Array.from({ length: 2 * perShard }, (_, index) =>
      fleet.tenantry.router.withTenant(1 + index, async () => {
        inside += 1;
        if (inside === 2 * perShard) openDoors();
        await allInside;
      }),
    ),
  );
}

interface Holdings {
  readonly sockets: number;
  readonly listeners: number;
  readonly backends: number;
  readonly heapBytes: number;
}

/** What is held once all that is being closed has been. */
async function settledHoldings(): Promise<Holdings> {
  let last = await holdings();
  const isSettled = async (): Promise<boolean> => {
    const before = last;
    last = await holdings();
    return (['sockets', 'listeners', 'backends'] as const).every((what) => before[what] === last[what]);
  };
  await expect.poll(isSettled, { interval: 200 }).toBe(true);
  return last;
}

async function holdings(): Promise<Holdings> {
  await fillPools();
  let backends = 0;
  for (const { root } of fleet.shards) {
    const counted = await root.query<{ backends: number }>(
      sqlText(`select count(*)::integer as backends from pg_stat_activity where usename = 'fleet_app'`),
    );
    backends += counted.rows[0]?.backends ?? 0;
  }
  collectGarbage();
  return {
    sockets: process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length,
    listeners:
      getEventListeners(lasting.signal, 'abort').length + process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    backends,
    heapBytes: process.memoryUsage().heapUsed,
  };
}

describe('A hundred thousand requests, one in twenty of them aborted (about a minute)', () => {
  it('leave as many sockets, listeners and server processes as before, and the heap within 5 percent', async () => {
    const random = randomFrom(seed);
    await send(10_000, random);
    const before = await settledHoldings();
    const { served, cancelled } = await send(100_000, random);
    const after = await settledHoldings();

    // One more for each shard looks at it.
    expect(before.backends).toBe(2 * (perShard + 1));
    expect({ ...after, heapBytes: 0 }, `seed ${seed}`).toEqual({ ...before, heapBytes: 0 });
    expect(after.heapBytes / before.heapBytes).toBeLessThan(1.05);
    expect(served + cancelled).toBe(100_000);
    expect(cancelled).toBeGreaterThan(1_000);
  });
});
