import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLookup } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import { systemClock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import { createMetrics } from '../../src/http/observe/metrics.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../src/router/limits.ts';
import type { Router, TenantSession } from '../../src/router/router.ts';
import { seed } from '../support/random.ts';
import { entryOf, epoch, ScriptedShard, shardId } from '../support/scripted-shard.ts';
import type { ModelStatement, StatementAnswer } from '../support/tds/model/statement.ts';
import type { JudgedMessage } from '../support/tds/judge-packets.ts';
import { Judging } from '../support/tds/judge.ts';

const tenants = [1, 2, 3, 4] as const;
const secondTenants = 1_000_000;
/** How far apart statements of one tenant's users are. */
const nextUser = 10;
/** A busy machine takes seconds to load the driver, and nobody is to be told that the shard has too much to do. */
const patient = { connectTimeoutMs: 30_000, waitMs: 30_000 } as const;
const owned = { owner: 'nvarchar(40)' } as const;
const streamedRows = 3;

/** What one caller does. */
interface Call {
  readonly tenant: (typeof tenants)[number];
  /** What it brings besides; 0: nothing. */
  readonly user: 0 | 1 | 2;
  readonly kind: 'read' | 'write' | 'session' | 'stream';
  /** Of a session; a stream that follows one statement is left at its first row. */
  readonly statements: number;
  /** Turns of the event loop that the server takes for each statement. */
  readonly turns: number;
  readonly trouble: 'none' | 'error' | 'abort' | 'give up' | 'drop';
}

const call = fc.record<Call>({
  tenant: fc.constantFrom(...tenants),
  user: fc.constantFrom(0, 1, 2),
  kind: fc.constantFrom('read', 'write', 'session', 'read', 'write', 'session', 'stream'),
  statements: fc.integer({ min: 1, max: 3 }),
  turns: fc.integer({ min: 0, max: 4 }),
  trouble: fc.oneof(
    { weight: 60, arbitrary: fc.constant('none' as const) },
    { weight: 30, arbitrary: fc.constantFrom('error' as const, 'abort' as const, 'give up' as const) },
    // Dear: a login follows.
    { weight: 1, arbitrary: fc.constant('drop' as const) },
  ),
});

let shard: ScriptedShard;
/** Over pools of one and of two connections. */
let routers: readonly Router[];
let judging: Judging;
let written: Set<unknown>;
let lastMark = secondTenants;

beforeAll(async () => {
  shard = await ScriptedShard.start();
  shard.answer = answer;
  judging = new Judging({ callerOf });
  written = new Set();
  routers = [1, 2].map(openRouter);
});
afterAll(async () => {
  for (const router of routers) await router.close();
  await shard[Symbol.asyncDispose]();
});

describe(`interleaved tenants on small pools (seed ${seed})`, () => {
  test('10,000 of them: each in its own context, with what its call brought and nothing else, transaction and use of a connection, and no acknowledged write lost', async () => {
    const property = fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 4 }), fc.nat(1), async (calls, pool) => {
      await Promise.all(calls.map((each) => perform(routers[pool]!, each)));
      for (const event of shard.server.recording.take()) if (event.kind === 'packet') judging.take(event);
      expect(judging.verdict.faults).toEqual([]);
    });
    await fc.assert(property, { seed, numRuns: 10_000, endOnFailure: true });
    const { routed, begun, inSession, known, resets } = judging.verdict;
    process.stdout.write(`${routed} routed statements, ${begun} sessions, ${inSession} messages in them, ${resets} resets\n`);
    expect(Math.min(routed, begun, resets)).toBeGreaterThan(5_000);
    // Every statement has its caller's mark; what ends a session has none.
    expect(known).toBeGreaterThanOrEqual(routed + inSession - begun);
  }, 600_000);
});

async function perform(router: Router, { tenant, user, kind, statements, turns, trouble }: Call): Promise<void> {
  const caller = new AbortController();
  const options = { signal: caller.signal, ...(user === 0 ? {} : { userId: userOf(user) }) };
  const self = tenant + user * nextUser;
  const owner = identityOf(self);
  const marks = Array.from({ length: statements }, () => (lastMark += 1));
  const statement = (mark: number, last: boolean): Sql => {
    const told = last ? trouble : 'none';
    if (kind === 'read') return sql`select owner from t where c = ${self} and ${turns} <> 0 and ${told} <> '' and m = ${mark}`;
    if (kind === 'stream' && last) return sql`select owner from stream where c = ${self} and ${turns} <> 0 and ${told} <> ''`;
    return sql`update t set c = ${self}, turns = ${turns}, trouble = ${told}, m = ${mark}`;
  };
  if (trouble === 'abort') void wait(turns).then(() => caller.abort());
  const work = async (): Promise<void> => {
    if (kind === 'read' || kind === 'write') {
      const { rows } = await router.query(tenant, statement(marks[0]!, true), { readOnly: kind === 'read', ...options });
      if (kind === 'read') expect(rows).toEqual([{ owner }]);
      return;
    }
    await router.withTenant(tenant, options, async (session) => {
      const last = kind === 'stream' ? undefined : marks.at(-1);
      for (const mark of marks) await session.query(statement(mark, mark === last));
      if (kind === 'stream') await readStream(session, owner, statement(0, true), statements === 1);
      if (trouble === 'give up') throw new Error('given up');
    });
  };
  const failure: unknown = await work().then(
    () => undefined,
    (error: unknown) => error ?? new Error('nothing was thrown'),
  );
  const done = kind === 'session' || kind === 'stream' ? marks : marks.slice(0, 1);
  const isWritten = done.map((mark) => written.has(mark));
  if (failure === undefined) expect(isWritten).toEqual(done.map(() => kind !== 'read'));
  else if (!(failure instanceof TenantryError) || failure.outcome === 'not-run') expect(isWritten).toEqual(done.map(() => false));
  if (failure instanceof TenantryError) expect(expected[trouble], `${trouble}: ${failure.message}`).toContain(failure.code);
  else expect([undefined, 'given up']).toContain((failure as Error | undefined)?.message);
  for (const mark of done) written.delete(mark);
}

async function readStream(session: TenantSession, owner: string, statement: Sql, isLeft: boolean): Promise<void> {
  for await (const row of session.stream(statement)) {
    expect(row).toEqual({ owner });
    if (isLeft) break;
  }
}

/** What a caller may see; a server that drops connections may be taken for one that is down by the others too. */
const expected: Readonly<Record<Call['trouble'], readonly string[]>> = {
  none: ['SHARD_UNAVAILABLE'],
  error: ['CONSTRAINT_VIOLATION', 'SHARD_UNAVAILABLE'],
  abort: ['CANCELLED', 'SHARD_UNAVAILABLE'],
  'give up': ['SHARD_UNAVAILABLE'],
  drop: ['SHARD_UNAVAILABLE', 'COMMIT_UNKNOWN'],
};

/** The server: who asks is whom the session's context names, whatever the statement says. */
async function answer({ parameters, tenant, contextValues = '{}', text, answer: open }: ModelStatement): Promise<StatementAnswer> {
  const [, turns, trouble, mark] = parameters.map(({ value }) => value);
  await wait(Number(turns));
  if (trouble === 'error') return { error: { number: 547 } };
  if (trouble === 'drop') {
    open.drop('rst');
    return 'sent';
  }
  const owner = [[tenant?.toString('hex') ?? 'nobody', ...(contextValues === '{}' ? [] : [contextValues])].join(' ')];
  if (text.startsWith('select owner from stream')) {
    await open.columns(owned);
    for (let row = 0; row < streamedRows; row += 1) {
      await open.row(owned, owner);
      await open.flush();
      await wait(Number(turns));
    }
    return { count: streamedRows };
  }
  if (text.startsWith('select')) return { columns: owned, rows: [owner] };
  return { count: 1, effect: () => written.add(mark) };
}

async function wait(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function keyOf(tenant: number): string {
  return Buffer.from(entryOf(tenant).key).toString('hex');
}

function callerOf({ values }: JudgedMessage): string | undefined {
  const caller = values.get('@p1');
  return caller?.length === 4 ? identityOf(caller.readInt32LE()) : undefined;
}

/** Who a statement was made for, as it says itself: the tenant, and above it the user. */
function identityOf(self: number): string {
  const user = Math.floor(self / nextUser);
  return [keyOf(self % nextUser), ...(user === 0 ? [] : [JSON.stringify({ userId: userOf(user) })])].join(' ');
}

function userOf(user: number): string {
  return `u${user}`;
}

function openRouter(connections: number): Router {
  const mappings = new Map<string, Mapping>(
    tenants.map((tenant) => [
      keyOf(tenant),
      { mappingId: tenant, mapId: 1, kind: 'point', low: entryOf(tenant).key, shardId, state: 'ONLINE', epoch },
    ]),
  );
  return createRouter({
    keyType: 'int',
    routes: createLookup({
      map: { kind: 'list', keyType: 'int' },
      findMapping: (key) => Promise.resolve(mappings.get(Buffer.from(key).toString('hex'))),
      clock: systemClock,
    }),
    connect: (_shardId, signal) => shard.open({ signal }),
    contextTypes: new Map([['userId', 'string']]),
    tokens: [(mappingId) => entryOf(mappingId).token],
    // A shard that is alone gets half of all.
    limits: { ...defaultRouterLimits, ...patient, poolPerShard: connections, connections: 2 * connections },
    clock: systemClock,
    random: Math.random,
    observer: createMetrics().router,
  });
}
