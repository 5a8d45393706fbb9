import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';

let world: CliWorld;
let databases: SqlDatabase[];
let place: string;

beforeAll(async () => {
  world = await createCliWorld();
  place = `--host ${world.server.host} --port ${world.server.port}`;
  await writeFile(
    join(world.folder, 'ranges.json'),
    configuration({ map: { name: 'spans', kind: 'range', key: 'int', context: 'TenantId' } }),
  );
  const shards: SqlDatabase[] = [];
  for (const name of ['shop_a', 'shop_b', 'spans']) shards.push(await world.createShardDatabase(name));
  for (const line of [
    'map create',
    `shard add a ${place} --database shop_a --bootstrap`,
    `shard add b ${place} --database shop_b --bootstrap`,
    ...[1, 2].map((tenant) => `tenant add ${tenant} --shard a`),
    'tenant offline 2',
    'map create --config ranges.json',
    `shard add s ${place} --database spans --bootstrap --config ranges.json`,
    'range add --low 1 --high 50 --shard s --config ranges.json',
    'range add --low 50 --high 100 --shard s --config ranges.json',
    'range add --low 200 --high 300 --shard s --config ranges.json',
    'range add --low 300 --high 400 --shard s --config ranges.json',
    'range add --low 400 --high 500 --shard s --config ranges.json',
    'range offline --low 200 --high 300 --config ranges.json',
  ]) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
  databases = [world.openDatabase('catalog'), ...shards];
});
afterAll(() => world.close());

/** Everything of Tenantry's in the catalog and on the shards, operations and their fences included. */
async function contents(): Promise<string> {
  const [catalog, ...shards] = databases;
  const rows: unknown[] = [];
  const add = async (database: SqlDatabase | undefined, table: string): Promise<void> => {
    rows.push((await database?.query(sqlText(`select t::text as "row" from tenantry.${table} t order by 1`)))?.rows);
  };
  for (const table of ['shard_map', 'shard', 'mapping', 'operation']) await add(catalog, table);
  for (const shard of shards) for (const table of ['shard_identity', 'local_mapping', 'operation_fence']) await add(shard, table);
  return JSON.stringify(rows);
}

const changes = [
  'map create other --kind range --key uuid',
  'shard remove b',
  'tenant add 3 --shard a',
  'tenant offline 1',
  'tenant online 2',
  'tenant remove 2',
  'tenant remove 2 --purge',
  ...['add --low 100 --high 200 --shard s', 'split 75', 'merge 400', 'offline --low 1 --high 50', 'online --low 200 --high 300'].map(
    (rest) => `range ${rest} --config ranges.json`,
  ),
  'range remove --low 200 --high 300 --purge --config ranges.json',
];

const refused: readonly (readonly [line: string, code: string])[] = [
  ['map create', 'CONFLICT'],
  ['shard remove a', 'CONFLICT'],
  ['tenant add 1 --shard a', 'CONFLICT'],
  ['tenant offline 9', 'UNKNOWN_TENANT'],
  ['tenant remove 1', 'CONFLICT'],
  ['range add --low 40 --high 60 --shard s --config ranges.json', 'CONFLICT'],
  ['range split 50 --config ranges.json', 'CONFLICT'],
  ['range merge 200 --config ranges.json', 'NOT_FOUND'],
];

describe('a change', () => {
  test.each(changes)('%s --dry-run ends with 2, asks nothing and changes nothing', async (line) => {
    const before = await contents();
    const { code, out, err } = await world.run(`${line} --dry-run`);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(out).toMatch(/^Would be (done|created)/i);
    const json = await world.run(`${line} --dry-run --json`);
    expect({ code: json.code, err: json.err, ...(JSON.parse(json.out) as object) }).toMatchObject({
      code: 2,
      err: '',
      version: 1,
      done: false,
    });
    expect(await contents()).toBe(before);
  });

  test.each(refused)('%s is refused by --dry-run too, with %s', async (line, problem) => {
    const before = await contents();
    const { code, out, err } = await world.run(`${line} --dry-run --json`);
    expect({ code, out, ...(JSON.parse(err) as object) }).toMatchObject({ code: 1, out: '', version: 1, error: { code: problem } });
    expect(await contents()).toBe(before);
  });

  test.each(['shard remove b', 'tenant remove 2', 'range remove --low 200 --high 300 --config ranges.json'])(
    '%s asks first, and does nothing after a no',
    async (line) => {
      const before = await contents();
      expect(await world.run(line)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('say --yes (INVALID_REQUEST)') });
      expect(await world.run(line, { answers: [''] })).toMatchObject({ code: 1, out: '', err: expect.stringContaining('(CANCELLED)') });
      expect(await contents()).toBe(before);
    },
  );

  // One after another: the last of them leaves nothing of what they began with.
  test.each([...changes.filter((line) => line !== 'tenant remove 2'), 'tenant offline 3', 'tenant remove 3', 'policy apply', 'recover'])(
    '%s --json is done, with data on stdout and nothing on stderr',
    async (line) => {
      const before = await contents();
      // Brought online it could not be removed.
      for (const again of line.startsWith('tenant remove 2') ? ['tenant offline 2'] : []) await world.run(again);
      for (const again of line.startsWith('range remove') ? ['range offline --low 200 --high 300 --config ranges.json'] : [])
        await world.run(again);
      const yes = line.includes(' remove ') ? ' --yes' : '';
      const { code, out, err } = await world.run(`${line}${yes} --json`);
      expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      expect(JSON.parse(out)).toMatchObject({ version: 1 });
      if (!['policy apply', 'recover'].includes(line)) expect(await contents()).not.toBe(before);
    },
  );
});

describe('a look', () => {
  test.each([
    'shard list',
    'shard show a',
    'map list',
    'map show',
    'audit list',
    'policy inspect --shard a',
    'policy apply --dry-run',
    'key status',
    'tenant list',
    'tenant where 1',
    'range list --config ranges.json',
    'doctor',
    'config show',
    'config check',
    'token mint 1',
  ])('%s --json gives data on stdout and nothing on stderr, and changes nothing', async (line) => {
    const before = await contents();
    const { code, out, err } = await world.run(`${line} --json`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ version: 1 });
    expect(await contents()).toBe(before);
  });
});
