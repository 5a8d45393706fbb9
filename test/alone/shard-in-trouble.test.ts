import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantryError } from '../../src/core/errors.ts';
import { sql } from '../../src/core/sql.ts';
import type { Router } from '../../src/router/router.ts';
import { type FleetShard, type ShardFleet, startShardFleet } from '../support/shard-fleet.ts';

/** Few rounds, and more of them where these say too much: a p99 of a millisecond is a matter of single pauses. */
const rounds = 4;
const roundsInDoubt = 12;
const allowed = 1.5;
const roundMs = 800;
/** Of a round at least: of fewer, single pauses are the hundredth part. */
const statementsOfARound = 400;
/** Callers of the shard in trouble, over all its tenants: many more than it may have connections. */
const pressing = 80;
const tenantsInTrouble = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
const calmTenants = [2, 4, 6, 8];

// 10 connections for two shards, each of which would like to have 10.
const limits = { poolPerShard: 10, connections: 10, perTenant: 8, statementTimeoutMs: 1_500, waitMs: 20_000, connectTimeoutMs: 5_000 };

let fleet: ShardFleet;
beforeAll(async () => {
  fleet = await startShardFleet();
  for (const tenant of tenantsInTrouble) await fleet.addTenant(tenant, fleet.a);
  for (const tenant of calmTenants) await fleet.addTenant(tenant, fleet.b);
});
afterAll(() => fleet.stop());

describe('with one shard in trouble, the p99 of the other', () => {
  it('stays within 1.5 times while it is stopped', async () => {
    const { ratio, detail } = await compare({
      begin: ({ server }) => server.kill(),
      end: ({ server }) => server.restart(),
    });
    expect(ratio, detail).toBeLessThanOrEqual(allowed);
  });

  it('stays within 1.5 times while it is frozen and its callers press against the global bound', async () => {
    const { ratio, detail } = await compare({
      begin: ({ server }) => Promise.resolve(server.freeze()),
      end: ({ server }) => Promise.resolve(server.thaw()),
    });
    expect(ratio, detail).toBeLessThanOrEqual(allowed);
  });
});

interface Trouble {
  begin(shard: FleetShard): Promise<unknown>;
  end(shard: FleetShard): Promise<unknown>;
}

/** Rounds without and with trouble in turn, until the ratio is allowed or enough were seen; the medians of their p99s. */
async function compare(trouble: Trouble): Promise<{ ratio: number; detail: string }> {
  const calm: number[] = [];
  const troubled: number[] = [];
  let failures = 0;
  const ratio = (): number => median(troubled) / median(calm);
  for (let round = 0; round < rounds || (round < roundsInDoubt && ratio() > allowed); round += 1) {
    // A router for each half: the calm shard has no connection yet when the other takes all it can and gets stuck.
    const alone = fleet.router(limits);
    calm.push(await measure(alone));
    await alone.close();
    const router = fleet.router(limits);
    const pressure = press(router);
    await expect.poll(() => router.events.length).toBeGreaterThanOrEqual(limits.connections / 2);
    await trouble.begin(fleet.a);
    troubled.push(await measure(router));
    await trouble.end(fleet.a);
    failures += await pressure.stop();
    await router.close();
  }
  expect(failures).toBeGreaterThan(0);
  return { ratio: ratio(), detail: `p99 in ms without: ${show(calm)}; with: ${show(troubled)}; ratio ${ratio().toFixed(2)}` };
}

/** 99th percentile of the calm shard's statements, in milliseconds, by four callers for the length of a round. None may fail. */
async function measure(router: Router): Promise<number> {
  const ask = (tenant: number, timeoutMs = limits.statementTimeoutMs): Promise<unknown> =>
    router.query(tenant, sql`select count(*) from "Blogs"`, { readOnly: true, timeoutMs });
  // The first of each caller opens a connection, which must succeed and is no statement's time.
  await Promise.all(calmTenants.map((tenant) => ask(tenant, limits.waitMs)));
  const until = performance.now() + roundMs;
  const latencies: number[] = [];
  const caller = async (tenant: number): Promise<void> => {
    for (let startedAt = performance.now(); startedAt < until || latencies.length < statementsOfARound; startedAt = performance.now()) {
      await ask(tenant);
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(calmTenants.map(caller));
  return latencies.toSorted((left, right) => left - right)[Math.floor(latencies.length * 0.99)]!;
}

/** Callers that do not let go of the shard in trouble, but wait as long as they are told to. */
function press(router: Router): { stop(): Promise<number> } {
  const enough = new AbortController();
  let failures = 0;
  const caller = async (index: number): Promise<void> => {
    while (!enough.signal.aborted) {
      try {
        await router.query(tenantsInTrouble[index % tenantsInTrouble.length]!, sql`select pg_sleep(0.05)`, { readOnly: true });
      } catch (error) {
        failures += 1;
        // A caller that keeps to what it is told: pacing is part of the pressure.
        await sleep(error instanceof TenantryError ? (error.retryAfterMs ?? 20) : 20);
      }
    }
  };
  const callers = Array.from({ length: pressing }, (_unused, index) => caller(index));
  return {
    stop: async () => {
      enough.abort();
      await Promise.all(callers);
      return failures;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

function show(values: readonly number[]): string {
  return values.map((value) => value.toFixed(2)).join(' ');
}
