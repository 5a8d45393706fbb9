import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { beginOperation } from '../../../shardmap/begin-operation.ts';
import { tenantKey } from '../../../shardmap/key.ts';
import { addMapping } from '../../../shardmap/operations/add-mapping.ts';
import { SqlShardMapStore } from '../../../shardmap/sql-store.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

let world: CliWorld;
let place: string;

beforeAll(async () => {
  world = await createCliWorld();
  place = `--host ${world.server.host} --port ${world.server.port}`;
  await world.createShardDatabase('shop');
  for (const line of ['map create', `shard add a ${place} --database shop --bootstrap`, 'tenant add 42 --shard a']) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
});
afterAll(() => world.close());

describe('the program as a process', () => {
  test('serve prints where it listens, logs on stderr, drains on SIGTERM and ends with 0', async () => {
    const config = join(world.folder, 'tenantry.config.json');
    const child = spawn(process.execPath, ['bin/tenantry.js', 'serve', '--json', '--config', config], {
      env: world.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, log] = ['', ''];
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    await once(child.stdout, 'data');
    const { api, ops } = JSON.parse(out) as { api: string; ops: string };
    const token = (await world.run('token mint 42')).out.trim();
    const insert = (id: number): Promise<Response> =>
      fetch(`${api}/v1/Blogs`, {
        method: 'POST',
        body: JSON.stringify({ BlogId: id, Name: 'a secret row' }),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
    expect((await insert(1)).status).toBe(201);
    expect((await fetch(`${ops}/livez`)).status).toBe(200);
    // With its last line.
    const ended = once(child, 'close');
    const inFlight = Array.from({ length: 8 }, (_, index) =>
      insert(index + 2).then(
        ({ status }) => status,
        () => 0,
      ),
    );
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const acknowledged = (await Promise.all(inFlight)).filter((status) => status === 201).length;
    const { rowCount } = await world.openDatabase('shop').query(sqlText('select from "Blogs"'));
    expect(rowCount).toBeGreaterThanOrEqual(acknowledged + 1);
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['listening', 'request', 'stopping', 'stopped']));
    for (const secret of ['a secret row', token, world.environment['TENANTRY_PASSWORD'] ?? '']) expect(log).not.toContain(secret);
    expect(out.trim().split('\n').at(-1)).toBe('}');
  });

  test('every request that was answered before SIGTERM is in the log of serve, in its order, once the process has ended', async () => {
    const child = spawn(process.execPath, ['bin/tenantry.js', 'serve', '--json', '--config', join(world.folder, 'tenantry.config.json')], {
      env: world.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [log, ended] = [textOf(child.stderr), once(child, 'exit')];
    const [addresses] = (await once(child.stdout, 'data')) as [Buffer];
    const { api } = JSON.parse(addresses.toString()) as { api: string };
    const authorization = `Bearer ${(await world.run('token mint 42')).out.trim()}`;
    const answered: string[] = [];
    for (let request = 1; request <= 150; request += 1) {
      const traceId = request.toString(16).padStart(32, '0');
      const headers = { authorization, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      const response = await fetch(`${api}/v1/Blogs?limit=1`, { headers });
      expect(response.status).toBe(200);
      await response.text();
      answered.push(traceId);
    }
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const lines = (await log)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; traceId?: string });
    expect(lines.map(({ msg, traceId }) => traceId ?? msg)).toEqual(['listening', ...answered, 'stopping', 'stopped']);
  });

  test('serve brings to its end by itself what another process has left', async () => {
    const store = new SqlShardMapStore(world.openDatabase('catalog'));
    const map = (await store.findMap('customers'))!;
    const { shardId } = (await store.findShard('a'))!;
    const request = { keys: { kind: 'point' as const, low: tenantKey('int', 77).bytes }, shardId };
    const { operation } = await store.change((catalog) =>
      beginOperation(catalog, addMapping, map, request, { operationId: crypto.randomUUID(), leaseMs: 0 }),
    );
    const child = spawn(process.execPath, ['bin/tenantry.js', 'serve', '--json', '--config', join(world.folder, 'tenantry.config.json')], {
      env: world.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [log, ended] = [textOf(child.stderr), once(child, 'exit')];
    await expect.poll(async () => (await store.getOperation(operation.operationId))?.state, { timeout: 60_000 }).toBe('UNDONE');
    expect(await store.findMapping(map.mapId, request.keys.low)).toBeUndefined();
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await log).toContain(`"operationId":"${operation.operationId}","kind":"add-mapping","end":"UNDONE","msg":"operation recovered"`);
  });

  test('serve ends where only its second port is taken', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const config = join(world.folder, 'taken.json');
    await writeFile(config, configuration({ http: { port: 0, opsPort: port } }));
    const child = spawn(process.execPath, ['bin/tenantry.js', 'serve', '--config', config], {
      env: world.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(await textOf(child.stderr)).toContain(
      `error: http.opsPort: 127.0.0.1:${port} is in use already: choose another, or end what listens there (INVALID_CONFIGURATION)`,
    );
    expect(await ended).toEqual([1, null]);
    listener.close();
  });

  test('a command whose reader has gone ends at once, and says nothing of it', async () => {
    for (const command of ['shard', 'tenant']) {
      const child = spawn(process.execPath, ['bin/tenantry.js', command, 'list', '--config', join(world.folder, 'tenantry.config.json')], {
        env: world.environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.destroy();
      const [said, ended] = [textOf(child.stderr), once(child, 'exit')];
      expect(await ended).toEqual([141, null]);
      expect(await said).toBe('');
    }
  });

  test('scripts/split.ts and scripts/merge.ts change a range map', async () => {
    const config = join(world.folder, 'ranges.json');
    await writeFile(config, configuration({ map: { name: 'spans', kind: 'range', key: 'int', context: 'TenantId' } }));
    await world.createShardDatabase('spans');
    for (const line of ['map create', `shard add s ${place} --database spans --bootstrap`, 'range add --low 1 --high 100 --shard s']) {
      expect(await world.run(`${line} --config ranges.json`)).toMatchObject({ code: 0 });
    }
    const script = async (name: string): Promise<string> =>
      (await promisify(execFile)(process.execPath, [`scripts/${name}.ts`, '50', '--config', config], { env: world.environment })).stdout;
    const ranges = async (): Promise<string[]> =>
      itemsOf<{ low: string; high: string }>((await world.run('range list --json --config ranges.json')).out).map(
        ({ low, high }) => `${low} ${high}`,
      );
    expect(await script('split')).toMatch(/range \[1, 100\)/);
    expect(await ranges()).toEqual(['1 50', '50 100']);
    await script('merge');
    expect(await ranges()).toEqual(['1 100']);
  });
});
