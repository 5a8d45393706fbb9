import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import { runCommand, type CommandResult } from '../../support/command-line.ts';
import { sampleConfig, sampleEnvironment } from '../config/sample.ts';
import { offlineServices } from './offline-services.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-cli-'));
  await writeFile(join(folder, 'tenantry.config.json'), JSON.stringify(sampleConfig()));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (args: readonly string[], environment: object = sampleEnvironment): Promise<CommandResult> =>
  runCommand(args, { folder, environment: { ...environment }, services: offlineServices });

describe('tenantry config', () => {
  test('check says what is configured', async () => {
    expect(await run(['config', 'check'])).toEqual({
      code: 0,
      out: 'The configuration is valid: map customers (list of int), 1 table.\n',
      err: '',
    });
    expect(await run(['config', 'check', '--json'])).toEqual({ code: 0, out: '{\n  "version": 1,\n  "ok": true\n}\n', err: '' });
  });

  test('check and show have policies, and the parents of tables', async () => {
    const own = { owner: 'Owner', is: 'userId' };
    const config = sampleConfig({
      tables: { Blogs: { tenant: 'T' }, Posts: { tenant: 'T', parent: { table: 'Blogs', columns: { A: 'B', C: 'D' } } } },
      context: { userId: { type: 'string' } },
      policies: { mine: { on: ['Blogs', 'Posts'], read: own, write: own }, seen: { on: 'Posts', rows: { parent: 'visible' } } },
    });
    await writeFile(join(folder, 'policies.json'), JSON.stringify(config));
    expect((await run(['config', 'check', '--config', join(folder, 'policies.json')])).out.split('\n').slice(0, -1)).toEqual([
      'The configuration is valid: map customers (list of int), 2 tables, 2 policies.',
      '  table Posts: its rows belong to those of Blogs, A = B, C = D',
      '  policy mine on Blogs, Posts: read, write',
      '  policy seen on Posts: rows',
    ]);
    const shown = JSON.parse((await run(['config', 'show', '--config', join(folder, 'policies.json')])).out) as typeof config;
    expect(shown.tables).toEqual(config.tables);
    expect(shown.policies).toEqual({ mine: config.policies?.['mine'], seen: { on: ['Posts'], rows: { parent: 'visible' } } });
  });

  test('check names the file and every problem', async () => {
    const { code, out, err } = await run(['config', 'check'], { ...sampleEnvironment, CATALOG: '', FLEET: '' });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      `error: ${folder}/tenantry.config.json has 2 problems (INVALID_CONFIGURATION):\n  catalog.url: the environment variable CATALOG is not set\n  fleetKey.current: the environment variable FLEET is not set\n`,
    );
  });

  test('an error is JSON where data would be', async () => {
    const { code, err } = await run(['config', 'show', '--config', 'none.json', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toEqual({
      version: 1,
      error: {
        code: 'INVALID_CONFIGURATION',
        message: `The configuration is invalid. There is no file ${folder}/none.json.`,
        retryable: false,
      },
    });
  });

  test('show hides secrets', async () => {
    const { code, out } = await run(['config', 'show']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ catalog: { user: 'cat', password: '(hidden)' }, limits: { perTenant: 8 } });
    expect(out).not.toContain('c@t-secret');
  });
});

const changing = [
  'init',
  ...['add', 'provision', 'remove'].map((verb) => `shard ${verb}`),
  ...['rotate', 'forget'].map((verb) => `key ${verb}`),
  'map create',
  ...['add', 'offline', 'online', 'remove'].map((verb) => `tenant ${verb}`),
  ...['add', 'split', 'merge', 'offline', 'online', 'remove'].map((verb) => `range ${verb}`),
  ...['apply', 'override'].map((verb) => `policy ${verb}`),
  'recover',
];
const looking = [
  'serve',
  'doctor',
  'config check',
  'config show',
  'shard list',
  'shard show',
  'map list',
  'map show',
  'tenant where',
  'tenant list',
  'range list',
  'policy inspect',
  'policy diff',
  'policy plan',
  'policy test',
  'policy verify',
  'key status',
  'audit list',
  'token mint',
];

describe('every command', () => {
  test('is there, and no other', () => {
    const terminal = { out: process.stdout, err: process.stderr, styled: false };
    const untilStopped = (): AbortSignal => AbortSignal.abort();
    const program = createProgram(
      { terminal, environment: {}, folder, services: offlineServices, untilStopped, userName: () => 'ann', version: '0.0.0' },

      () => undefined,
    );
    const names = program.commands.flatMap((noun) =>
      noun.commands.length === 0 ? [noun.name()] : noun.commands.map((verb) => `${noun.name()} ${verb.name()}`),
    );
    expect(names.toSorted()).toEqual([...changing, ...looking].toSorted());
  });

  test.each([...changing, ...looking])(
    '%s has help with an example, --json, --config but for init, and --dry-run where it changes something',
    async (name) => {
      const { code, out } = await run([...name.split(' '), '--help']);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: tenantry ${name} `);
      expect(out).toMatch(new RegExp(`Examples?:\\n  tenantry ${name}`));
      expect(out).toContain('--json');
      expect(out.includes('--config <path>')).toBe(name !== 'init');
      expect(out.includes('--dry-run')).toBe(changing.includes(name));
      expect(out.includes('--yes')).toBe(name.endsWith(' remove') || ['recover', 'key forget'].includes(name));
    },
  );

  test('is told by help in either order of words', async () => {
    const { code, out } = await run(['help', 'shard', 'add']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: tenantry shard add [options] <name>');
    expect((await run(['help'])).out).toContain('Usage: tenantry [options] [command]');
    expect((await run(['help', 'shard'])).out).toContain('Usage: tenantry shard [options] [command]');
  });

  test.each([
    [
      ['nonsense'],
      "error: unknown command 'nonsense'",
      'init, serve, doctor, recover, config, shard, map, tenant, range, policy, key, audit, token',
    ],
    [['shard', 'nonsense'], "error: unknown command 'nonsense'", 'add, provision, list, show, remove'],
    [['map', 'list', '--nonsense'], "error: unknown option '--nonsense'", '--config <path>, --json'],
    [['map', 'list', 'one'], "error: too many arguments for 'list'", '--config <path>, --json'],
  ])('%j is refused with what is allowed', async (args, problem, allowed) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(problem);
    expect(err).toContain(`(allowed: ${allowed}; tenantry`);
  });

  test('is refused as JSON where JSON is asked for', async () => {
    const { code, out, err } = await run(['map', 'list', '--nonsense', '--json']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const allowed = '(allowed: --config <path>, --json; tenantry map list --help says more)';
    expect(JSON.parse(err)).toEqual({
      version: 1,
      error: {
        code: 'INVALID_REQUEST',
        message: `The request is malformed. unknown option '--nonsense'\n${allowed}`,
        retryable: false,
      },
    });
  });

  test('that does not exist is refused with the nearest', async () => {
    const { code, err } = await run(['tokn', 'mint']);
    expect(code).toBe(1);
    expect(err).toContain("error: unknown command 'tokn'\n(Did you mean token?)");
  });
});
