import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../src/core/sql.ts';
import { seed } from '../support/random.ts';
import { startFleet, type FleetShard, type RealFleet } from '../support/real-fleet.ts';
import { Ledger, ledgerSchema } from './support/ledger.ts';
import { requests, send, type Request } from './support/requests.ts';

const tenants = 12;
const callers = 12;

/** What happens to a shard's server in the course of a run. */
const troubles = {
  'backends are ended': async ({ root }: FleetShard) =>
    root.query(sqlText(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fleet_app'`)),
  'the server restarts': ({ server }: FleetShard) => server.restart(),
  'the server is killed': async ({ server }: FleetShard) => {
    await server.kill();
    await server.restart();
  },
} as const;

interface Trouble {
  readonly what: keyof typeof troubles;
  readonly shard: number;
}

let fleet: RealFleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: 2,
    tenants,
    schema: ledgerSchema,
    tables: ['Ledger'],
    limits: { poolPerShard: 2, statementTimeoutMs: 5_000 },
    fsync: true,
  });
});
afterAll(() => fleet.close());

/** Lets the callers work the requests off side by side, and one trouble after another come over the servers meanwhile. */
async function run(list: readonly Request[], interruptions: readonly Trouble[], ledger: Ledger): Promise<void> {
  const part = Math.ceil(list.length / (interruptions.length + 1));
  let next = 0;
  let troubled = Promise.resolve();
  const interrupt = ({ what, shard: index }: Trouble): void => {
    const shard = fleet.shards[index];
    if (shard !== undefined) troubled = troubled.then(async () => void (await troubles[what](shard)));
  };
  const caller = async (): Promise<void> => {
    for (let request = list[next]; request !== undefined; request = list[next]) {
      next += 1;
      const trouble = next % part === 0 ? interruptions[next / part - 1] : undefined;
      if (trouble !== undefined) interrupt(trouble);
      // Who finds a shard gone comes back when the trouble is over, or all requests would be spent on it.
      if ((await send(fleet.tenantry, request, ledger)) === 'SHARD_UNAVAILABLE') await troubled;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await troubled;
}

describe('Thousands of requests of twelve tenants over two shards, pools of two, in all kinds of trouble (about a minute)', () => {
  it('show no foreign row, serve nobody without a context, and lose no acknowledged write', async () => {
    const outcomes = new Map<string, number>();
    // The requests are drawn from a seed of their own, so that a run which fails can be told in a line.
    const drawn = fc.record({
      requestsSeed: fc.integer(),
      kinds: fc.shuffledSubarray(Object.keys(troubles) as Trouble['what'][], { minLength: 3 }),
      shards: fc.tuple(fc.nat(1), fc.nat(1), fc.nat(1)),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ requestsSeed, kinds, shards }) => {
        const ledger = new Ledger();
        const interruptions = kinds.map((what, index) => ({ what, shard: shards[index] ?? 0 }));
        await run(fc.sample(requests(tenants), { seed: requestsSeed, numRuns: 2_500 }), interruptions, ledger);
        await ledger.audit(fleet.shards);
        for (const [outcome, count] of ledger.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
        expect(ledger.violations).toEqual([]);
        await Promise.all(fleet.shards.map(({ root }) => root.query(sqlText('truncate "Ledger"'))));
      }),
      // A run is not made smaller: servers are real, and half of it may not fail again.
      { seed, numRuns: 2, endOnFailure: true },
    );
    // What was tried must have been tried in earnest.
    expect(outcomes.get('ok')).toBeGreaterThan(1_500);
    for (const code of ['CANCELLED', 'TIMEOUT', 'STATEMENT_FAILED', 'FORBIDDEN', 'TRANSACTION_CONTROL', 'caller']) {
      expect(outcomes.get(code) ?? 0, `calls that ended with ${code}: ${JSON.stringify([...outcomes])}`).toBeGreaterThan(0);
    }
  }, 600_000);

  it('would be seen to show foreign rows if the policies let them through', async () => {
    const ledger = new Ledger();
    const plain = (kind: Request['kind'], tenant: number): Request => ({ kind, tenant, abortAfterMs: null, timeoutMs: null });
    for (let tenant = 1; tenant <= tenants; tenant += 1) await send(fleet.tenantry, plain('insert', tenant), ledger);
    await Promise.all(
      // By who keeps the gate from closing first.
      fleet.shards.map(({ root }) =>
        root.query(
          sqlText('alter event trigger tenantry_changed disable; alter policy tenantry_tenant on "Ledger" using (true) with check (true)'),
        ),
      ),
    );
    for (let tenant = 1; tenant <= tenants; tenant += 1) {
      await send(fleet.tenantry, plain('read', tenant), ledger);
      await send(fleet.tenantry, plain('forged insert', tenant), ledger);
    }
    await ledger.audit(fleet.shards);
    for (const violation of [/was shown/, /accepted: an insert/, /has tenant-\d+ entry 0 as a row/])
      expect(ledger.violations).toContainEqual(expect.stringMatching(violation));
  });
});
