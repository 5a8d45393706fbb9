import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CapabilitySettings } from '../../../src/core/capability-settings.ts';
import { sql } from '../../../src/core/sql.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { scriptedRouter, type ScriptedRouter } from '../../support/scripted-router.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';

/* How often a connection is used, by what is known of resets: found in the version, said by the configuration, shown by a refusal. */

const change = sql`update Blogs set Name = ${'a'}`;
const read = sql`select n from Blogs`;
/** A server that speaks TDS and tells a version from before SQL Server 2016. */
const unknownVersion = [12, 3, 150] as const;
const otherwiseAble = { securityPolicies: true, readOnlyContext: true } as const;

let shard: ScriptedShard;
let fleet: ScriptedRouter;

// On a busy machine the driver takes longer to be loaded than a statement has.
beforeAll(async () => await createMssqlEngine().load(), 60_000);
beforeEach(async () => {
  shard = await ScriptedShard.start();
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  await shard[Symbol.asyncDispose]();
});

/** Of each connection in its order, each of its requests as `reset` or `-`, and the entries among them as `enter`. */
function uses(): string[] {
  const told = new Map<number, string[]>();
  for (const { connection, initial, request } of shard.server.recording.of('request')) {
    if (initial) continue;
    const words = [request.reset ? 'reset' : '-', ...(request.text.includes('[tenantry].[enter]') ? ['enter'] : [])];
    told.set(connection, [...(told.get(connection) ?? []), words.join(' ')]);
  }
  return Array.from(told.values(), (requests) => requests.join(', '));
}

/** The four questions of a new connection, and one use of a tenant's, which is the connection's second. */
const opened = '-, -, -, -';
const oneUse = `${opened}, reset enter`;

/** What tenants do, one after another: two statements, a session, a stream that is left, an error, a refusal. */
async function traffic(): Promise<void> {
  const { router } = fleet;
  await router.query(1, change);
  await router.query(1, read, { readOnly: true });
  await router.withTenant(2, async (session) => {
    await session.query(change);
    await session.query(change);
  });
  await router.withTenant(2, async (session) => {
    for await (const row of session.stream(read)) expect(row).toEqual({ n: 1 });
  });
  shard.answer = () => ({ error: { number: 2627 } });
  await expect(router.query(3, change)).rejects.toMatchObject({ code: 'CONFLICT' });
  shard.answer = (statement) => shard.byDefault(statement);
  shard.model.mappings.get(4)!.state = 'OFFLINE';
  await expect(router.query(4, change)).rejects.toMatchObject({ code: 'TENANT_OFFLINE' });
}

const lentAgain = [`${oneUse}, reset enter, reset enter, -, -, -, reset enter, -, -, reset enter, reset enter`];
const lentOnce = [oneUse, oneUse, `${oneUse}, -, -, -`, `${oneUse}, -, -`, oneUse, oneUse];

describe('connections', () => {
  test.each<[string, { server?: readonly [number, number, number]; capabilities?: CapabilitySettings }, string[]]>([
    ['are lent again by a SQL Server whose resets clear the context', {}, lentAgain],
    ['are lent again by Azure SQL Database, whatever version it tells', { server: [12, 5, 160] }, lentAgain],
    [
      'serve one use each on a server of which that is not known, and are closed',
      { server: unknownVersion, capabilities: otherwiseAble },
      lentOnce,
    ],
    ['serve one use each where the configuration says so, whatever is found', { capabilities: { resetClearsContext: false } }, lentOnce],
    [
      'are lent again where the configuration says so, whatever is found',
      { server: unknownVersion, capabilities: { ...otherwiseAble, resetClearsContext: true } },
      lentAgain,
    ],
  ])('%s', async (_title, { server, capabilities }, expected) => {
    if (server !== undefined) shard.saysOfItself({ server });
    fleet = scriptedRouter(shard, {}, capabilities);
    await traffic();
    expect(uses()).toEqual(expected);
    await expect.poll(() => shard.server.connections).toBe(expected === lentOnce ? 0 : 1);
    expect(fleet.events.filter((event) => event === 'resets failed')).toEqual([]);
  });

  test('that serve one use each are as many as there may be, and calls wait for the next one', async () => {
    fleet = scriptedRouter(shard, { poolPerShard: 2 }, { resetClearsContext: false });
    const open: number[] = [];
    shard.model.at = ({ moment }) => void (moment === 'entered' && open.push(shard.server.connections));
    await Promise.all(Array.from({ length: 8 }, () => fleet.router.query(1, change)));
    expect(uses()).toEqual(Array.from({ length: 8 }, () => oneUse));
    expect(Math.max(...open)).toBeLessThanOrEqual(2);
    expect(shard.committed).toHaveLength(8);
  });
});

describe('a connection that has the tenant of its last use still', () => {
  const notReset = (): void => {
    for (const session of shard.model.sessions.values()) session.reset = () => undefined;
  };

  test.each([{}, { resetClearsContext: true }])(
    'serves nobody again; the caller is served by a new one, and from then on each serves one use: %j',
    async (capabilities) => {
      fleet = scriptedRouter(shard, {}, capabilities);
      await fleet.router.query(1, change);
      notReset();
      expect((await fleet.router.query(2, change)).rowCount).toBe(1);
      expect(fleet.events.filter((event) => event !== 'closed')).toEqual([
        'opened',
        'query ok',
        'refused NOT_RESET',
        'resets failed',
        'repeated NOT_RESET',
        'opened',
        'query ok',
      ]);
      for (const tenant of [2, 1]) await fleet.router.query(tenant, change);
      expect(uses()).toEqual([`${oneUse}, reset enter`, oneUse, oneUse, oneUse]);
      expect(shard.committed).toEqual(['a', 'a', 'a', 'a']);
      expect(fleet.events.filter((event) => event === 'resets failed')).toHaveLength(1);
    },
  );

  test('begins no session either, and the others that were used before are not tried', async () => {
    fleet = scriptedRouter(shard);
    await Promise.all([1, 2, 3].map((tenant) => fleet.router.query(tenant, change)));
    notReset();
    const count = shard.server.recording.of('login').length;
    await fleet.router.withTenant(4, async (session) => void (await session.query(change)));
    expect(fleet.events.filter((event) => event === 'refused NOT_RESET')).toHaveLength(1);
    expect(shard.server.recording.of('login')).toHaveLength(count + 1);
    await expect.poll(() => shard.server.connections).toBe(0);
    expect(shard.committed).toHaveLength(4);
  });

  test.each([
    ['statement', () => fleet.router.query(2, change)],
    ['session', () => fleet.router.withTenant(2, (session) => session.query(change))],
  ] as const)('though nobody has used it, says nothing of resets, and the shard is closed: the first is a %s', async (_kind, first) => {
    // The breaker stays open: its first eighth of a second can go by on a busy machine before the second call comes.
    fleet = scriptedRouter(shard, {}, {}, new FakeClock());
    shard.model.at = ({ request }) => {
      if (request.text.includes('[tenantry].[enter]')) shard.model.failEntry = { number: 15_664 };
    };
    await expect(first()).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
      outcome: 'not-run',
      detail: expect.stringContaining('A new connection of the shard has a tenant already'),
    });
    await expect(fleet.router.query(1, change)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    expect(uses()).toEqual([oneUse]);
    expect(fleet.events.filter((event) => /NOT_RESET|resets failed/.test(event))).toEqual([]);
    expect(fleet.events).toContain('breaker open');
    expect(shard.committed).toEqual([]);
  });

  test("the same number of a statement that names its tenant anew is that caller's own", async () => {
    fleet = scriptedRouter(shard);
    shard.answer = () => ({ error: { number: 15_664 } });
    await expect(fleet.router.query(1, change)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(fleet.router.query(1, change)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(uses()).toEqual([`${oneUse}, reset enter`]);
  });
});

test('a connection knows what its server can do, as it was found and as the configuration says', async () => {
  fleet = scriptedRouter(shard);
  shard.saysOfItself({ server: unknownVersion, changeTracking: false });
  const connection = await shard.open({ capabilities: { ...otherwiseAble, changeTracking: true } });
  expect(connection.capabilities).toEqual({
    securityPolicies: true,
    readOnlyContext: true,
    jsonTables: true,
    serialPlans: true,
    resetClearsContext: false,
    changeTracking: true,
  });
  await connection.execute(entryOf(1), compiled(read), { readOnly: true, timeoutMs: 5_000 });
  await connection.close();
});
