import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sqlText } from '../../src/core/sql.ts';
import { createCliWorld, type CliWorld } from '../integration/cli/world.ts';

let world: CliWorld;
let shard: SqlDatabase;
let token: string;

beforeAll(async () => {
  world = await createCliWorld();
  shard = await world.createShardDatabase('stopping');
  await world.run('map create');
  await world.run(`shard add a --host 127.0.0.1 --port ${world.server.port} --database stopping --bootstrap`);
  await world.run('tenant add 1 --shard a');
  await shard.query(sqlText('grant select, insert, update, delete on "Blogs", "Posts" to tenantry_app'));
  token = (await world.run('token mint 1')).out.trim();
});

const children: ChildProcess[] = [];

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await world.close();
});

/** `tenantry serve` in a process of its own. */
interface Service {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly api: string;
  readonly ops: string;
  readonly exited: Promise<number | null>;
}

async function serve(drainMs: number): Promise<Service> {
  const config = join(world.folder, `drain-${drainMs}.json`);
  const settings = JSON.parse(await readFile(join(world.folder, 'tenantry.config.json'), 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...settings, limits: { drainMs } }));
  const child = spawn('node', [new URL('../../src/bin.ts', import.meta.url).pathname, 'serve', '--json', '--config', config], {
    env: { ...process.env, ...world.environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  children.push(child);
  let output = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.endsWith('}\n')) break;
  }
  const service = { ...(JSON.parse(output) as { api: string; ops: string }), process: child, exited };
  // Opens a connection, whose checks of the tables would wait for a lock too.
  await fetch(`${service.api}/v1/Blogs?limit=1`, { headers: { authorization: `Bearer ${token}` } });
  return service;
}

/** The status of a new row's POST; undefined where the connection ended without an answer. */
async function insert(service: Service, table: 'Blogs' | 'Posts', id: number): Promise<number | undefined> {
  const body = JSON.stringify(table === 'Blogs' ? { BlogId: id, Name: 'x' } : { PostId: id, Title: 'x' });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  try {
    const response = await fetch(`${service.api}/v1/${table}`, { method: 'POST', headers, body });
    await response.text();
    return response.status;
  } catch {
    return undefined; // refused or cut: exactly what the caller is asking about
  }
}

async function idsOf(table: 'Blogs' | 'Posts', column: string): Promise<Set<number>> {
  const { rows } = await shard.query<{ id: number }>(sqlText(`select "${column}" as id from "${table}"`));
  return new Set(rows.map(({ id }) => id));
}

let holder: pg.Client | undefined;

/** Holds a lock that every statement on Posts waits for, until it is released or the test ends. */
async function holdPosts(): Promise<{ readonly waiting: () => Promise<number>; readonly release: () => Promise<void> }> {
  holder = new pg.Client({ connectionString: world.server.url('stopping') });
  await holder.connect();
  await holder.query('begin; lock table "Posts" in access exclusive mode');
  return {
    waiting: async () => {
      const { rows } = await shard.query<{ n: number }>(
        // Of requests: a look at what protects the tables waits for the lock as well.
        sqlText(
          `select count(*)::int as n from pg_stat_activity where datname = 'stopping' and wait_event_type = 'Lock' and query like '%"Posts"%'`,
        ),
      );
      return rows[0]?.n ?? 0;
    },
    release: releasePosts,
  };
}

async function releasePosts(): Promise<void> {
  await holder?.end();
  holder = undefined;
}

afterEach(releasePosts);

describe('SIGTERM', () => {
  it('under load ends the process with 0, and every write that was acknowledged is there', async () => {
    const service = await serve(10_000);
    const acknowledged: number[] = [];
    const statuses = new Set<number | undefined>();
    let next = 0;
    const enough = Promise.withResolvers<void>();
    const writer = async (): Promise<void> => {
      for (;;) {
        const id = (next += 1);
        const status = await insert(service, 'Blogs', id);
        statuses.add(status);
        if (status !== 201) return;
        acknowledged.push(id);
        if (acknowledged.length === 200) enough.resolve();
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, writer));
    await enough.promise;
    service.process.kill('SIGTERM');
    await writers;
    expect(await service.exited).toBe(0);
    const stored = await idsOf('Blogs', 'BlogId');
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    expect(statuses).toEqual(new Set([201, undefined]));
  });

  it('waits for a request that runs, is not ready meanwhile and takes no other', async () => {
    const service = await serve(10_000);
    const lock = await holdPosts();
    const running = insert(service, 'Posts', 1);
    await expect.poll(lock.waiting).toBe(1);
    service.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${service.ops}/readyz`)).status).toBe(503);
    expect((await fetch(`${service.ops}/livez`)).status).toBe(200);
    expect(await insert(service, 'Blogs', 1_000_001)).toBeUndefined();
    await lock.release();
    expect(await running).toBe(201);
    expect(await service.exited).toBe(0);
    expect(await idsOf('Posts', 'PostId')).toContain(1);
  });

  it('cuts what has not ended within the limit, and cancels it on the server', async () => {
    const service = await serve(300);
    const lock = await holdPosts();
    const running = insert(service, 'Posts', 2);
    await expect.poll(lock.waiting).toBe(1);
    service.process.kill('SIGTERM');
    expect(await running).toBeUndefined();
    expect(await service.exited).toBe(0);
    // The process does not wait for the server's word, which ends the statement when it comes to it.
    await expect.poll(lock.waiting).toBe(0);
    await lock.release();
    expect(await idsOf('Posts', 'PostId')).not.toContain(2);
  });
});

describe('a client that hangs up', () => {
  it('has its statement cancelled on the server', async () => {
    const service = await serve(10_000);
    const lock = await holdPosts();
    const client = new AbortController();
    const request = fetch(`${service.api}/v1/Posts`, { headers: { authorization: `Bearer ${token}` }, signal: client.signal }).catch(
      () => 'gone',
    );
    await expect.poll(lock.waiting).toBe(1);
    client.abort();
    expect(await request).toBe('gone');
    await expect.poll(lock.waiting).toBe(0);
    await lock.release();
    service.process.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });
});
