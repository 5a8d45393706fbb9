import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.ts';
import { defaultLimits } from '../../../src/core/limits.ts';
import { neededVariables, renderModule } from '../../../src/cli/init/render.ts';
import { runCommand, type CommandResult } from '../../support/command-line.ts';
import { sampleEnvironment } from '../config/sample.ts';
import { offlineServices } from './offline-services.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-init-'));
});
afterEach(() => rm(folder, { recursive: true }));

const environment = {
  ...Object.fromEntries(neededVariables.map((name) => [name, name.toLowerCase()])),
  TENANTRY_CATALOG_URL: sampleEnvironment.CATALOG,
  TENANTRY_FLEET_KEY: sampleEnvironment.FLEET,
};
const init = (args: readonly string[], answers?: readonly string[]): Promise<CommandResult> =>
  runCommand(['init', ...args], { folder, services: offlineServices, ...(answers === undefined ? {} : { answers }) });

type Shown = Pick<Settings, 'map' | 'limits'> & { readonly tables: object };

/** The configuration as a process of its own reads it: there the name `tenantry` is resolved by Node, not by the test runner. */
async function shown(file: string, also: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['bin/tenantry.js', 'config', 'show', '--json', '--config', join(folder, file)],
    { env: { ...environment, ...also } },
  );
  return (JSON.parse(stdout) as { configuration: Shown }).configuration;
}

describe('tenantry init', () => {
  test.each(['tenantry.config.ts', 'tenantry.config.js', 'tenantry.config.json'])(
    'writes %s, which is valid as it stands',
    async (file) => {
      const args = [
        '--table',
        'Blogs',
        'dbo.Posts',
        '--reference',
        'Countries',
        '--key',
        'bigint',
        '--kind',
        'range',
        '--map-name',
        'shops',
        '--output',
        file,
      ];
      const { code, out, err } = await init(args);
      expect({ code, out }).toEqual({ code: 0, out: `Wrote ${file}.\n` });
      expect(err).toContain(`Set these variables: ${neededVariables.join(', ')}\n`);
      const { map, tables, limits } = await shown(file);
      expect(limits).toEqual(defaultLimits);
      expect(map).toEqual({ name: 'shops', kind: 'range', key: 'bigint', context: 'TenantId' });
      expect(tables).toEqual({ Blogs: { tenant: 'TenantId' }, 'dbo.Posts': { tenant: 'TenantId' }, Countries: 'reference' });
    },
  );

  test('writes every limit, with what it bounds and its default', async () => {
    const { out } = await init(['--table', 'Blogs', '--key', 'int', '--dry-run']);
    expect(out).toContain(`    // Time a transaction may take, from its entry to the end of its callback; it is rolled back then.
    transactionTimeoutMs: 60_000,`);
    for (const name of Object.keys(defaultLimits)) expect(out).toContain(`    ${name}: `);
    const json = await init(['--table', 'Blogs', '--key', 'int', '--output', 'a.json', '--dry-run', '--json']);
    const { text } = JSON.parse(json.out) as { text: string };
    const written = JSON.parse(text) as Shown;
    expect(written.limits).toEqual(defaultLimits);
  });

  test('writes examples of what else there is, each valid once it is no comment', async () => {
    await init(['--table', 'Blogs', '--key', 'int', '--output', 'tenantry.config.ts']);
    const written = await readFile(join(folder, 'tenantry.config.ts'), 'utf8');
    const examples = /^ {2}\/\/ (?=(context|policies|procedures|drift|webhook): )/gm;
    expect([...written.matchAll(examples)].map(([, name]) => name)).toEqual(['context', 'policies', 'procedures', 'drift', 'webhook']);
    await writeFile(join(folder, 'whole.config.ts'), written.replaceAll(examples, '  '));
    const hook = {
      TENANTRY_WEBHOOK_URL: 'https://example.com/hook',
      TENANTRY_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString('base64')}`,
    };
    expect(await shown('whole.config.ts', hook)).toMatchObject({ procedures: expect.anything(), webhook: expect.anything() });
  });

  test('asks for what no flag says', async () => {
    const { code, err } = await init([], ['Blogs  Posts', 'uuid']);
    expect(code).toBe(0);
    expect(err).toContain('Type of the tenant ids (int, bigint, uuid, string, bytes): ');
    const { map, tables } = await shown('tenantry.config.ts');
    expect(map.key).toBe('uuid');
    expect(Object.keys(tables)).toEqual(['Blogs', 'Posts']);
  });

  test('shows the file and ends with 2 where it is a dry run', async () => {
    const { code, out } = await init(['--table', 'Blogs', '--key', 'int', '--dry-run']);
    expect(code).toBe(2);
    expect(out).toContain("Blogs: { tenant: 'TenantId' },");
    expect(await readdir(folder)).toEqual([]);
  });

  test('never overwrites a file without --force', async () => {
    await writeFile(join(folder, 'tenantry.config.ts'), 'mine');
    const args = ['--table', 'Blogs', '--key', 'int'];
    const refused = await init(args);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('tenantry.config.ts is there already; say --force to overwrite it, or --output for another file');
    expect(await readFile(join(folder, 'tenantry.config.ts'), 'utf8')).toBe('mine');
    expect((await init([...args, '--force'])).code).toBe(0);
    expect(await readFile(join(folder, 'tenantry.config.ts'), 'utf8')).toContain('defineConfig');
  });

  test('writes names as text, never as code', async () => {
    const name = "x' + process.exit(3) + '\n};//\u2028y";
    const map = { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' } as const;
    const text = renderModule({
      engine: 'postgres',
      map,
      tenantColumn: 'Ten"ant\\',
      tables: ['Blogs', 'a\\'],
      references: [],
      undecided: [name],
    });
    await writeFile(join(folder, 'tenantry.config.ts'), text);
    expect((await shown('tenantry.config.ts')).tables).toEqual({ Blogs: { tenant: 'Ten"ant\\' }, 'a\\': { tenant: 'Ten"ant\\' } });
  });

  test.each([
    [[], 'There is no terminal to ask on: say --table and --key, or --from the URL of a database that has the tables'],
    [['--table', 'Blogs'], 'There is no terminal to ask on: say --table and --key'],
    [['--table', 'a.b.c', '--key', 'int'], 'The table "a.b.c" must be a table\'s name, or a schema and a table\'s name with a dot between'],
    [
      ['--table', 'Blogs', '--key', 'int', '--map-name', 'a b'],
      "--map-name must be 1 to 63 letters, digits, '_', '.' or '-', the first a letter or digit",
    ],
    [
      ['--table', 'Blogs', '--key', 'integer'],
      "option '--key <type>' argument 'integer' is invalid. Allowed choices are int, bigint, uuid, string, bytes.",
    ],
    [['--table', 'Blogs', 'Blogs', '--key', 'int'], '--table and --reference name "Blogs" twice'],
    [['--table', 'Blogs', '--reference', 'Blogs', '--key', 'int'], '--table and --reference name "Blogs" twice'],
    [['--engine', 'oracle'], "option '--engine <name>' argument 'oracle' is invalid. Allowed choices are postgres, mssql."],
    [['--output', 'c.yaml'], "option '--output <file>' argument 'c.yaml' is invalid. It must end in .ts, .js or .json."],
    [['--config', 'mine.ts', '--table', 'Blogs', '--key', 'int'], "unknown option '--config'"],
    [
      ['--from', 's3cret'],
      '--from is neither a variable that is set nor a URL of the form postgres://user:password@host:port/database?sslmode=verify-full',
    ],
  ])('with %j is refused, and nothing is written', async (args, problem) => {
    const { code, out, err } = await init(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(problem);
    expect(err).not.toMatch(/s3cret/);
    expect(await readdir(folder)).toEqual([]);
  });
});
