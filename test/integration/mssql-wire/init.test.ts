import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { createServices } from '../../../src/main/services.ts';
import { runCommand, type CommandResult } from '../../support/command-line.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const columns = { schema: 'nvarchar(128)', table: 'nvarchar(128)', columnType: 'nvarchar(200)', keyType: 'nvarchar(20)' };

async function init(line: string): Promise<CommandResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-init-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const services = createServices({ engines: createEngines(), clock: systemClock, now: () => new Date(), warn: () => undefined });
  return await runCommand(['init', ...line.split(' ')], { folder, services });
}

test('init --from reads the tables of a SQL Server, and the URL says that it is one', async () => {
  await using server = await startTdsServer({
    request: (request, answer) =>
      request.text.includes('sys.tables')
        ? answer.rows(columns, [
            ['crm', 'Calls', 'bigint', 'bigint'],
            ['dbo', 'Blogs', 'bigint', 'bigint'],
            ['dbo', 'Countries', null, null],
          ])
        : undefined,
  });
  const url = `mssql://me:s3cret@127.0.0.1:${server.port}/shop`;
  const { code, out, err } = await init(`--from ${url} --output tenantry.config.json --dry-run`);
  expect({ code, err }).toEqual({ code: 2, err: '' });
  expect(JSON.parse(out)).toMatchObject({
    catalog: { engine: 'mssql' },
    map: { key: 'bigint' },
    tables: { 'crm.Calls': { tenant: 'TenantId' }, Blogs: { tenant: 'TenantId' } },
  });
  const module = await init(`--from ${url} --dry-run`);
  expect(module.out).toContain('// The global shard map: mssql://user:password@host:port/database?sslmode=verify-full');
  expect(module.out).toContain("// Countries: 'reference', // no column 'TenantId'");
  expect(out + module.out).not.toContain('s3cret');
});

test('init --from a URL of another engine than the one that is said is refused, and nobody is asked', async () => {
  await using server = await startTdsServer({ request: () => undefined });
  const { code, err } = await init(`--engine postgres --from mssql://me:s3cret@127.0.0.1:${server.port}/shop`);
  expect(code).toBe(1);
  expect(err).toContain('--from is not a URL of the form postgres://user:password@host:port/database?sslmode=verify-full');
  expect(err).not.toContain('s3cret');
  expect(server.recording.events).toEqual([]);
});
