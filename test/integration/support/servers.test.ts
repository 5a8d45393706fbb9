import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeNeeding } from '../../support/describe-needing.ts';
import { foreignPostgres } from '../../support/servers/postgres-access.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { isRunning, processTree } from '../../support/servers/processes.ts';
import { startRedis } from '../../support/servers/redis.ts';
import { eventually } from '../../support/eventually.ts';

async function rows(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function ownServer(...options: Parameters<typeof startPostgres>): Promise<PostgresServer> {
  const server = await startPostgres(...options);
  onTestFinished(() => server.stop());
  return server;
}

describe('a PostgreSQL server of the tests', () => {
  it('is a server of its own: each has another system identifier, and the settings it was asked for', async () => {
    const servers = await Promise.all([ownServer({ settings: { max_connections: 17 } }), ownServer({ fsync: true })]);
    const [first, second] = await Promise.all(
      servers.map(
        async (server) =>
          (
            await rows(
              server.url(),
              `select system_identifier as id, current_setting('max_connections') as max, current_setting('fsync') as fsync from pg_control_system()`,
            )
          )[0],
      ),
    );
    expect(first).toMatchObject({ max: '17', fsync: 'off' });
    expect(second).toMatchObject({ max: '100', fsync: 'on' });
    expect(first?.['id']).not.toBe(second?.['id']);
  });

  it('demands the password', async () => {
    const server = await ownServer();
    await expect(rows(server.url('postgres', { user: server.user, password: 'wrong' }), 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
  });

  it('keeps committed rows over a kill of all its processes, on the same port', async () => {
    const server = await ownServer();
    const url = await server.createDatabase('Kept "rows"');
    await rows(url, 'create table kept as select 42 as n');
    const killed = processTree(server.pid);
    await server.kill();
    expect(killed.length).toBeGreaterThan(3);
    expect(killed.filter(isRunning)).toEqual([]);
    await server.restart();
    expect(await rows(url, 'select n from kept')).toEqual([{ n: 42 }]);
    expect(server.log()).toContain('was not properly shut down');
  });

  it('answers nothing while frozen, and goes on where it was', async () => {
    const server = await ownServer();
    server.freeze();
    let answered = false;
    const answer = rows(server.url(), 'select 1 as one').finally(() => (answered = true));
    const neighbour = await ownServer();
    for (let time = 0; time < 20; time++) await rows(neighbour.url(), 'select 1');
    expect(answered).toBe(false);
    server.thaw();
    expect(await answer).toEqual([{ one: 1 }]);
  });

  it('is gone after stop, frozen or not, with everything it wrote', async () => {
    const server = await ownServer();
    const { pid, directory } = server;
    expect(existsSync(directory)).toBe(true);
    server.freeze();
    await server.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
    await server.stop();
  });

  it.each(['SIGKILL', 'end'] as const)('is gone when the program that started it comes to its end by %s', async (how) => {
    const program = fileURLToPath(new URL('../../support/fixtures/start-servers.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { pid, directory } = JSON.parse(line) as { pid: number; directory: string };
    expect(isRunning(pid)).toBe(true);
    if (how === 'SIGKILL') child.kill('SIGKILL');
    else child.stdin.end();
    await once(child, 'exit');
    await eventually(() => expect({ running: isRunning(pid), left: existsSync(directory) }).toEqual({ running: false, left: false }));
  });
});

describe("somebody else's PostgreSQL", () => {
  it('loses on stop the databases that were created through it, and no other', async () => {
    const server = await ownServer();
    await server.createDatabase('theirs');
    const foreign = foreignPostgres(server.url());
    const url = await foreign.createDatabase('ours');
    expect(await rows(url, 'select current_database() as name')).toEqual([{ name: 'ours' }]);
    await foreign.stop();
    expect(await rows(server.url(), `select datname from pg_database where datname in ('ours', 'theirs')`)).toEqual([
      { datname: 'theirs' },
    ]);
  });
});

describeNeeding('redis-server', 'a Redis server of the tests', () => {
  it('answers, forgets everything at a kill, and comes back on the same port', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const redis = new Redis(server.url);
    // Losing the connection is what the test does to it.
    redis.on('error', () => undefined);
    onTestFinished(() => redis.disconnect());
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
    await server.kill();
    await server.restart();
    expect(await redis.get('key')).toBe(null);
  });
});
