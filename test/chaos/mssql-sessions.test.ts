import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../src/router/limits.ts';
import type { Router, TenantSession } from '../../src/router/router.ts';
import { silentObserver } from '../../src/router/router-observer.ts';
import { seed } from '../support/random.ts';
import { entryOf, ScriptedShard } from '../support/scripted-shard.ts';
import { waysTo } from '../support/scripted-router.ts';
import { faults, Player, turns, type ErrorOfServer, type Play } from '../support/session-plays.ts';

/** So many programs; more with `TENANTRY_PROGRAMS`. */
const programs = Number(process.env['TENANTRY_PROGRAMS'] ?? 150);
const patientMs = 30_000;

/**
 * How a session reads: whole, row by row with pauses, left at a row, by a throw there, with its signal aborted there, never to its end,
 * twice at once.
 */
const ways = ['query', 'whole', 'slowly', 'left', 'thrown', 'aborted', 'abandoned', 'not awaited', 'twice'] as const;

interface Step {
  readonly play: Omit<Play, 'mark'>;
  readonly change: boolean;
  readonly way: (typeof ways)[number];
  /** The row at which a stream is left. */
  readonly stop: number;
  /** Goes on after a failure, as who catches it does. */
  readonly goesOn: boolean;
}

interface Caller {
  readonly tenant: number;
  readonly kind: 'statement' | 'session';
  readonly readOnly: boolean;
  /** Turns until it aborts. */
  readonly abortsAfter: number | undefined;
  readonly timeoutMs: number;
  readonly steps: readonly Step[];
}

/** One number for each thing that numbers mean: to the caller, to the transaction, to the connection. */
const errors: readonly ErrorOfServer[] = [
  ...[547, 2627, 1222, 3960, 40_549, 10_928, 3906, 266, 50_000, 51_001, 51_011, 51_017, 15_664].map((number) => [number, 16] as const),
  ...([229, 1205, 40_197, 596, 17_142, 823] as const).map((number, index) => [number, [14, 13, 17, 21, 20, 24][index]!] as const),
];

const step = fc.record<Step>({
  play: fc.record({
    rows: fc.constantFrom(1, 3, 20, 400, 1_000),
    wide: fc.constantFrom(false, false, false, true),
    turns: fc.constantFrom(0, 0, 1, 3, 8),
    fault: fc.oneof({ weight: 1, arbitrary: fc.constant('none' as const) }, { weight: 2, arbitrary: fc.constantFrom(...faults) }),
    error: fc.constantFrom(...errors),
  }),
  change: fc.constantFrom(true, false, false),
  way: fc.constantFrom(...ways),
  stop: fc.nat(1_000),
  goesOn: fc.boolean(),
});

const caller = fc.record<Caller>({
  tenant: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom('statement', 'session', 'session'),
  readOnly: fc.constantFrom(false, false, true),
  abortsAfter: fc.option(fc.nat(30), { nil: undefined, freq: 2 }),
  timeoutMs: fc.oneof({ weight: 9, arbitrary: fc.constant(patientMs) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }) }),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
});

let shard: ScriptedShard;
let player: Player;
/** Over pools of one and of two connections. */
let routers: readonly { readonly router: Router; readonly size: number }[];
const timers = new Set<object>();
/** Jumps over the time for which a shard in trouble is left alone. */
let leapt = 0;
let lastMark = 0;

const clock: Clock = {
  now: () => systemClock.now() + leapt,
  after: (ms, callback, kind) => {
    const timer = {};
    timers.add(timer);
    const stop = systemClock.after(ms, () => (timers.delete(timer), callback()), kind);
    return () => (timers.delete(timer), stop());
  },
};

beforeAll(async () => {
  shard = await ScriptedShard.start();
  player = new Player(shard.model);
  shard.answer = player.answer;
  routers = [1, 2].map((size) => ({ size, router: openRouter(size) }));
});
afterAll(async () => await shard[Symbol.asyncDispose]());

describe(`programs of sessions and streams over a server of every fault (seed ${seed})`, () => {
  test(`${programs} of them: every call ends, with its own rows and a true outcome, and the pool serves as many as before`, async () => {
    const property = fc.asyncProperty(fc.array(caller, { minLength: 1, maxLength: 4 }), fc.nat(1), async (callers, index) => {
      const { router, size } = routers[index]!;
      await inTime(Promise.all(callers.map((each) => perform(router, each))), 'a program');
      await inTime(allServe(router, size), 'the uses after it');
      shard.server.recording.take();
    });
    await fc.assert(property, { seed, numRuns: programs, endOnFailure: true });
    await inTime(Promise.all(routers.map(({ router }) => router.close())), 'closing');
    expect(timers.size).toBe(0);
  }, 3_600_000);
});

async function perform(router: Router, { tenant, kind, readOnly, abortsAfter, timeoutMs, steps }: Caller): Promise<void> {
  const given = new AbortController();
  const { signal } = given;
  if (abortsAfter !== undefined) void turns(abortsAfter).then(() => given.abort());
  const changes: number[] = [];
  let isHonest = true;
  const options = { readOnly, signal, timeoutMs };
  const sent = ({ play, change }: Step): { readonly play: Play; readonly statement: Sql } => {
    const marked = { ...play, mark: (lastMark += 1) };
    const text = JSON.stringify(marked);
    isHonest &&= !['begin', 'commit', 'rollback'].includes(play.fault);
    if (change && !readOnly) changes.push(marked.mark);
    return { play: marked, statement: change && !readOnly ? sql`update t set p = ${text}` : sql`select * from t where p = ${text}` };
  };
  const work = async (): Promise<void> => {
    const [first] = steps;
    if (kind === 'statement') {
      const { play, statement } = sent(first!);
      belong((await router.query(tenant, statement, options)).rows, tenant, play);
      return;
    }
    await router.withTenant(tenant, options, async (session) => {
      for (const each of steps) {
        const { play, statement } = sent(each);
        const done = each.change && !readOnly ? session.query(statement) : readWith(session, statement, each, tenant, play, given);
        await done.catch((error: unknown) => {
          if (!each.goesOn || !(error instanceof TenantryError)) throw error;
        });
      }
    });
  };
  const failure: unknown = await work().then(
    () => undefined,
    (error: unknown) => error ?? new Error('nothing was thrown'),
  );
  const written = changes.filter((mark) => player.written.has(mark));
  if (failure !== undefined && !(failure instanceof TenantryError)) expect(failure).toMatchObject({ message: 'thrown' });
  if (failure instanceof TenantryError) expect(failure.code).not.toBe('INTERNAL');
  if (!isHonest) return;
  const isOpen = failure instanceof TenantryError && failure.outcome === 'unknown';
  if (failure !== undefined && !isOpen) expect(written).toEqual([]);
  if (failure === undefined && kind === 'statement') expect(written).toEqual(changes);
  // What only reads, and does nothing to its transaction, is never in doubt.
  if (isOpen && readOnly) expect(failure.code).toBe('TRANSACTION_CONTROL');
}

async function readWith(session: TenantSession, statement: Sql, { way, stop }: Step, tenant: number, play: Play, given: AbortController) {
  if (way === 'query') return belong((await session.query(statement)).rows, tenant, play);
  if (way === 'not awaited') return void session.query(statement).catch(() => undefined);
  if (way === 'twice') {
    const both = await Promise.allSettled([session.query(statement), session.query(statement)]);
    expect(both[1]).toMatchObject({ status: 'rejected' });
    return;
  }
  const rows = session.stream(statement);
  if (way === 'abandoned') return void (await rows.next());
  let seen = 0;
  for await (const row of rows) {
    belong([row], tenant, play);
    seen += 1;
    if (way === 'slowly' && seen % 5 === 0) await turns(2);
    if (seen <= stop % play.rows) continue;
    if (way === 'left') return;
    if (way === 'thrown') throw new Error('thrown');
    if (way === 'aborted') given.abort();
  }
  expect(seen).toBe(play.rows);
}

/** Rows of this statement, read as this tenant. */
function belong(rows: readonly unknown[], tenant: number, { mark }: Play): void {
  const owner = Buffer.from(entryOf(tenant).key).toString('hex');
  const others = rows.filter(
    (row) => (row as { owner: unknown; mark: unknown }).owner !== owner || (row as { mark: unknown }).mark !== mark,
  );
  expect(others).toEqual([]);
}

/** As many as the pool has connections are within their transactions at once. */
async function allServe(router: Router, size: number): Promise<void> {
  for (;;) {
    const within = Promise.withResolvers<void>();
    let count = 0;
    const use = (tenant: number): Promise<void> =>
      router.withTenant(tenant, async (session) => {
        if ((count += 1) === size) within.resolve();
        await within.promise;
        const play: Play = { mark: (lastMark += 1), rows: 2, wide: false, turns: 0, fault: 'none', error: errors[0]! };
        belong((await session.query(sql`select * from t where p = ${JSON.stringify(play)}`)).rows, tenant, play);
      });
    // Who is let in does not wait for one that is not.
    const uses = Array.from({ length: size }, (_, index) => use(index + 1).finally(within.resolve));
    const failures = (await Promise.allSettled(uses))
      .filter((end) => end.status === 'rejected')
      .map(({ reason }) => reason as TenantryError);
    if (failures.length === 0) return;
    // A shard that has lost some connections is left alone for a while.
    for (const { code } of failures) expect(code).toBe('SHARD_UNAVAILABLE');
    leapt += Math.max(...failures.map(({ retryAfterMs = 0 }) => retryAfterMs));
  }
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const stop = systemClock.after(patientMs, () => late.reject(new Error(`${what} did not end within ${patientMs} ms`)));
  return await Promise.race([promise, late.promise]).finally(stop);
}

function openRouter(size: number): Router {
  return createRouter({
    ...waysTo(shard),
    connect: (_shardId, signal) => shard.open({ signal, clock }),
    // A shard that is alone gets half of all.
    limits: { ...defaultRouterLimits, connectTimeoutMs: patientMs, waitMs: patientMs, poolPerShard: size, connections: 2 * size },
    clock,
    random: () => 0,
    observer: silentObserver,
  });
}
