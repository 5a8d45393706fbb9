import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql } from '../../src/core/sql.ts';
import type { TlsMode } from '../../src/core/tls-mode.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { signerOfTests } from '../support/accepting.ts';
import { startTdsServer } from '../support/tds/server.ts';

const engines = { postgres: createPostgresEngine(), mssql: createMssqlEngine() };
type Kind = keyof typeof engines;
const servers: Readonly<Record<Kind, string>> = { postgres: 'PostgreSQL', mssql: 'SQL Server' };
const login = { user: 'somebody', password: 'a secret password' };
const expectations = {
  shardId: '00000000-0000-4000-8000-00000000000a',
  signer: signerOfTests('00000000-0000-4000-8000-00000000000a'),
  incarnation: 'another',
  tables: [],
  contextProtection: 'guarded',
} as const;

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** Why a connection for tenants and one for the program's own work cannot be, which is the same. */
async function refusalOf(engine: Kind, port: number, tls: TlsMode): Promise<string> {
  const address: ShardAddress = { engine, host: '127.0.0.1', port, database: 'shop', tls };
  const database = engines[engine].open(address, login, { connectTimeoutMs: 20_000 });
  onTestFinished(() => database.close());
  const signal = AbortSignal.timeout(20_000);
  const failures = await Promise.allSettled([
    database.query(sql`select 1 as n`),
    engines[engine].connect(address, login, expectations, signal),
  ]);
  const reasons = failures.map((failure) =>
    failure.status === 'rejected' ? (failure.reason as { code: string; detail: string; outcome: string }) : undefined,
  );
  for (const reason of reasons) expect(reason).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
  expect(reasons[0]?.detail).toBe(reasons[1]?.detail);
  expect(reasons[0]?.detail).not.toContain(login.password);
  return reasons[0]?.detail ?? '';
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const modes: readonly TlsMode[] = ['disable', 'require', 'strict'];

describe.each<Kind>(['postgres', 'mssql'])('at an address of %s', (engine) => {
  const kind = servers[engine];

  test.each(modes)('with %s, nothing listens: it says so', async (tls) => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    expect(await refusalOf(engine, port, tls)).toBe(`Nothing listens at 127.0.0.1:${port}.`);
  });

  test.each(modes)('with %s, a server of the other kind is told from its own', async (tls) => {
    await using tds = await startTdsServer({ request: () => undefined });
    const port = engine === 'mssql' ? postgres.port : tds.port;
    expect(await refusalOf(engine, port, tls)).toMatch(new RegExp(`no ${kind}|as ${kind} does|does not begin with TLS`));
    if (engine === 'postgres') await tds.close().catch(() => undefined);
  });

  test.each(modes)('with %s, a web server is told from its own', async (tls) => {
    const port = await listen(createHttpServer((_request, response) => response.end('hello')));
    expect(await refusalOf(engine, port, tls)).toMatch(new RegExp(`no ${kind}|as ${kind} does|does not begin with TLS`));
  });

  test.each(['disable', 'require'] as const)('with %s, a server that speaks first, and in lines, is told from its own', async (tls) => {
    const port = await listen(createServer((socket) => socket.write('220 mail.example ESMTP\r\n')));
    expect(await refusalOf(engine, port, tls)).toMatch(new RegExp(`no ${kind}|as ${kind} does`));
  });

  test('a server that takes connections and says nothing is given up in time', async () => {
    const port = await listen(createServer(() => undefined));
    const address: ShardAddress = { engine, host: '127.0.0.1', port, database: 'shop', tls: 'disable' };
    const database = engines[engine].open(address, login, { connectTimeoutMs: 300 });
    onTestFinished(() => database.close());
    await expect(database.query(sql`select 1 as n`)).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      detail: `What is at 127.0.0.1:${port} did not answer as ${kind} does in time.`,
    });
  });
});
