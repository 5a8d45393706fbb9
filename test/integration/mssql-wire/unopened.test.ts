import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { ScriptedShard } from '../../support/scripted-shard.ts';
import type { Answer } from '../../support/tds/answer.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { failureOf } from '../../support/tenantry-failure.ts';
import { signerOfTests } from '../../support/accepting.ts';
import { eventually } from '../../support/eventually.ts';

/* What keeps connections from being opened is one clear error, and leaves nothing behind: sockets of this process are counted. */

const engine = createMssqlEngine();
const open = (name: string): number => process.getActiveResourcesInfo().filter((resource) => resource === name).length;

async function untilGone({ attention }: Answer): Promise<void> {
  await once(attention, 'abort');
}

afterEach(async () => {
  await eventually(() => expect([open('TCPSocketWrap'), open('GetAddrInfoReqWrap')]).toEqual([0, 0]));
});

test('a name that nobody knows', async () => {
  const address = { engine: 'mssql', host: 'no-such-server.invalid', port: 1433, database: 'shop', tls: 'disable' } as const;
  const login = { user: 'app', password: 'x' };
  const expected = { code: 'SHARD_UNAVAILABLE', detail: 'The name no-such-server.invalid is not known here.', outcome: 'not-run' };
  const database = engine.open(address, login);
  expect(await failureOf(database.query(sql`select 1 as n`))).toMatchObject(expected);
  await database.close();
  const expectations = { shardId: 'a', incarnation: 'b', signer: signerOfTests('a'), tables: [], contextProtection: 'guarded' } as const;
  expect(await failureOf(engine.connect(address, login, expectations))).toMatchObject(expected);
});

test.each(['login', 'first statement'])('a server that says nothing to the %s: the time of a login ends it', async (silentTo) => {
  await using server = await startTdsServer({
    login: async (_login, answer, _connection, admit) => await (silentTo === 'login' ? untilGone(answer) : admit()),
    initialSql: async (answer) => await untilGone(answer),
    request: () => undefined,
  });
  const { host, port } = server;
  const address = { engine: 'mssql', host, port, database: 'shop', tls: 'disable' } as const;
  const database = engine.open(address, { user: 'app', password: 'x' }, { connectTimeoutMs: 300 });
  expect(await failureOf(database.query(sql`select 1 as n`))).toMatchObject({
    code: 'SHARD_UNAVAILABLE',
    detail: `What is at ${host}:${port} did not answer as SQL Server does in time.`,
    outcome: 'not-run',
  });
  await expect.poll(() => server.connections).toBe(0);
  await database.close();
});

test('more own work than may wait for a connection: one too many is told at once, and who waits goes when the database is closed', async () => {
  await using shard = await ScriptedShard.start();
  const hold = Promise.withResolvers<void>();
  shard.answer = async () => {
    await hold.promise;
    return { count: 1 };
  };
  const database = shard.openDatabase({ connections: 1 });
  const running = database.query(sql`update t set n = 1`);
  await shard.server.recording.next('request', ({ request }) => request.text.includes('update t'));
  const waiting = Promise.allSettled(Array.from({ length: 10_000 }, () => database.query(sql`update t set n = 2`)));
  expect(await failureOf(database.query(sql`update t set n = 3`))).toMatchObject({
    code: 'OVERLOADED',
    detail: '10000 calls wait for a connection to the shard already.',
  });
  const closed = database.close();
  hold.resolve();
  await running;
  const refused = (await waiting).map((each) => (each.status === 'rejected' ? (each.reason as { code: string }).code : 'run'));
  expect(new Set(refused)).toEqual(new Set(['SESSION_MISUSE']));
  await closed;
  await expect.poll(() => shard.server.connections).toBe(0);
});
