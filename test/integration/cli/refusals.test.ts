import { createServer } from 'node:net';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineNames } from '../../../src/config/database-url.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';

let world: CliWorld;
let catalog: SqlDatabase;
let place: string;

beforeAll(async () => {
  world = await createCliWorld();
  place = `--host ${world.server.host} --port ${world.server.port}`;
  for (const name of ['shop_a', 'shop_b']) await world.createShardDatabase(name);
  for (const line of [
    'map create',
    'map create spans --kind range',
    `shard add a ${place} --database shop_a --bootstrap`,
    'tenant add 42 --shard a',
  ]) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
  catalog = world.openDatabase('catalog');
});
afterAll(() => world.close());

/** Everything that a command could have changed in the catalog. */
async function catalogContents(): Promise<unknown> {
  const text = `select (select json_agg(s order by s.name) from tenantry.shard s) as shards, (select json_agg(m order by m.mapping_id) from tenantry.mapping m) as mappings,
    (select json_agg(p order by p.map_id) from tenantry.shard_map p) as maps, (select count(*) from tenantry.operation) as operations`;
  return (await catalog.query(sqlText(text))).rows;
}

/** Runs a line that must be refused with one error, and nothing changed. */
async function refused(line: string, environment: Record<string, string> = {}): Promise<string> {
  const before = await catalogContents();
  const { code, out, err } = await world.run(line, { environment });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err.match(/^error: /gm)).toHaveLength(1);
  for (const secret of [world.server.password, world.environment['TENANTRY_PASSWORD'] ?? '']) expect(err).not.toContain(secret);
  expect(await catalogContents()).toEqual(before);
  return err;
}

describe('one clear error, and nothing has happened', () => {
  const int = 'A key of type int is an integer from -2147483648 to 2147483647 except 0';
  test.each([
    ...['0', '-0', '007', '1e3', '0x1', '4.0', '99999999999', '٤٢', 'abc', '+1'].map((id) => [`tenant add ${id} --shard a`, int]),
    ['tenant add 42 --shard a', '(CONFLICT)'],
    ['tenant add 43 --shard z', 'Map customers has no shard z; it has a (NOT_FOUND)'],
    ['tenant add 43 --shard a --map nope', 'There is no shard map nope; there are customers, spans (NOT_FOUND)'],
    ['tenant add 43', "error: required option '--shard <name>' not specified"],
    ['tenant add 43 44 --shard a', "error: too many arguments for 'add'. Expected 1 argument but got 2: 43, 44."],
    ['tenant where 43', '(UNKNOWN_TENANT)'],
    ['tenant offline 43', '43'],
    ['tenant offline 42 --drain-ms -1', 'It must be a whole number of milliseconds.'],
    ['tenant remove 42 --yes', 'offline'],
    ['tenant remove 42', 'Remove tenant 42? There is no terminal to ask on: say --yes'],
    ['range add --low 1 --high 9 --shard a', 'Map customers is a list map: use `tenant` commands, not `range` (INVALID_REQUEST)'],
    [
      'range add --low 9 --high 9 --shard a --map spans',
      "A range's low end must be below its high end: 9 is not below 9 (INVALID_REQUEST)",
    ],
    ['range add --low 1 --high 9x --shard a --map spans', 'The high end of the range is no key. A key of type int is an integer'],
    ['range offline --low 0 --map spans', 'The low end of the range is no key. A key of type int is an integer'],
    ['range split 5 --map spans', '5'],
    ['tenant add 1 --shard a --map spans', 'Map spans is a range map: use `range` commands, not `tenant` (INVALID_REQUEST)'],
    ['map create', 'There is a shard map customers already (CONFLICT)'],
    [
      'map create ../x',
      "The name of a shard map is 1 to 63 letters, digits, '_', '.' or '-', the first a letter or digit; \"../x\" is not (INVALID_REQUEST)",
    ],
    ['map create m --kind hash', "option '--kind <kind>' argument 'hash' is invalid. Allowed choices are list, range."],
    ['map show nope', 'There is no shard map nope; there are customers, spans (NOT_FOUND)'],
    ['shard remove a --yes', '(CONFLICT)'],
    ['shard remove z --yes', 'There is no shard z; there is a (NOT_FOUND)'],
    [
      'shard add b --host a..b --database shop_b',
      "option '--host <host>' argument 'a..b' is invalid. It must be a host name or an IP address.",
    ],
    ['shard add b --host 300.1.1.1 --database shop_b', 'It must be a host name or an IP address.'],
    [
      'shard add b --host localhost --port 0 --database shop_b',
      "option '--port <port>' argument '0' is invalid. It must be a whole number from 1 to 65535.",
    ],
    ['shard add b --host localhost --port 65536 --database shop_b', 'It must be a whole number from 1 to 65535.'],
    ['shard add b --engine oracle --host localhost --database x', `Allowed choices are ${engineNames.join(', ')}.`],
    ['shard add b --host localhost --tls prefer --database x', 'Allowed choices are disable, require, verify-full, strict.'],
    ['shard add b --host localhost', "error: required option '--database <name>' not specified"],
    ['policy apply --shard z', 'The map has no shard z; it has a (NOT_FOUND)'],
    ['shards list', "error: unknown command 'shards'\n(Did you mean shard?)"],
    ['shard list --jsn', "error: unknown option '--jsn'\n(Did you mean --json?)"],
  ])('%s', async (line, problem) => {
    expect(await refused(line)).toContain(problem);
  });

  test('a shard’s database that does not exist', async () => {
    const problem = `There is no database nowhere on ${world.server.host}:${world.server.port} that answers (SHARD_UNAVAILABLE)`;
    expect(await refused(`shard add b ${place} --database nowhere`)).toContain(problem);
  });

  test('a server that does not answer', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    listener.close();
    const port = typeof address === 'object' ? address?.port : 0;
    expect(await refused(`shard add b --host 127.0.0.1 --port ${port} --database x`)).toContain(
      `Nothing listens at 127.0.0.1:${port} (SHARD_UNAVAILABLE)`,
    );
  });

  test('a server of another kind than the one that is said', async () => {
    const { host, port } = world.server;
    const problem = `What is at ${host}:${port} closed the connection before it had let anybody in: it is no SQL Server, or is going down`;
    expect(await refused(`shard add b --engine mssql --host ${host} --port ${port} --database shop_b`)).toContain(
      `${problem} (SHARD_UNAVAILABLE)`,
    );
    expect(await refused(`init --from mssql://me:s3cret@${host}:${port}/shop --output never.ts`)).toContain(
      `${problem} (SHARD_UNAVAILABLE)`,
    );
    const { catalog: _, ...parts } = JSON.parse(configuration()) as Record<string, unknown>;
    const elsewhere = { ...parts, catalog: { engine: 'mssql', url: { env: 'ELSEWHERE' } } };
    await writeFile(join(world.folder, 'kind.json'), JSON.stringify(elsewhere));
    const environment = { ELSEWHERE: `mssql://me:s3cret@${host}:${port}/catalog` };
    expect(await refused('shard list --config kind.json', environment)).toContain(`${problem} (CATALOG_UNAVAILABLE)`);
    const { out } = await world.run('doctor --config kind.json', { environment });
    expect(out).toContain(`problem  catalog: ${problem}`);
  });

  test('a shard by the name, or at the place, of another', async () => {
    expect(await refused(`shard add b ${place} --database shop_a`)).toContain('(CONFLICT)');
    await world.run(`shard add b ${place} --database shop_b --bootstrap`);
    expect(await refused(`shard add a ${place} --database shop_b`)).toContain('(CONFLICT)');
    expect((await world.run('shard remove b --yes')).code).toBe(0);
  });

  test('the catalog as a shard, by its address or by another name for it, unprepared and with --bootstrap', async () => {
    for (const host of [world.server.host, 'localhost']) {
      const line = `shard add c --host ${host} --port ${world.server.port} --database catalog`;
      expect(await refused(`${line} --bootstrap`)).toContain('The database is a catalog; a catalog cannot be a shard (INVALID_REQUEST)');
      expect(await refused(line)).toContain('a catalog cannot be a shard');
    }
    expect(
      (
        await catalog.query(
          sqlText("select from pg_roles r where has_database_privilege(r.oid, 'catalog', 'TEMP') and r.rolname = 't_app'"),
        )
      ).rowCount,
    ).toBe(1);
  });

  test('--bootstrap without the superuser, and with a wrong password', async () => {
    await world.createShardDatabase('shop_c');
    const line = `shard add c ${place} --database shop_c --bootstrap`;
    expect(await refused(line, { TENANTRY_BOOTSTRAP_PASSWORD: '' })).toContain(
      "--bootstrap needs the server's superuser in TENANTRY_BOOTSTRAP_USER and TENANTRY_BOOTSTRAP_PASSWORD (INVALID_REQUEST)",
    );
    expect(await refused(line, { TENANTRY_BOOTSTRAP_PASSWORD: 'wrong' })).toContain(
      'does not let the superuser of --bootstrap in (FORBIDDEN)',
    );
  });

  test('a shard without the configured tables, which leaves no trace in the catalog', async () => {
    await world.server.createDatabase('empty');
    expect(await refused(`shard add e ${place} --database empty --bootstrap`)).toMatch(/public\.Blogs .*\n.*public\.Posts /);
  });
});

describe('policy apply', () => {
  let [first, second]: SqlDatabase[] = [];
  const applied = async (): Promise<boolean> =>
    (await first?.query(sqlText(`select from pg_policies where tablename = 'Blogs' and policyname = 'tenantry_tenant'`)))?.rowCount === 1;
  beforeAll(async () => {
    [first, second] = [world.openDatabase('shop_a'), world.openDatabase('shop_b')];
    await world.run(`shard add b ${place} --database shop_b --bootstrap`);
    await first.query(sqlText('drop policy tenantry_tenant on "Blogs"'));
  });
  afterAll(async () => {
    expect((await world.run('policy apply')).code).toBe(0);
    expect(await applied()).toBe(true);
    expect((await world.run('shard remove b --yes')).code).toBe(0);
  });

  test.each([
    [
      'of a newer schema',
      'update tenantry.schema_version set version = 2',
      'update tenantry.schema_version set version = 1',
      'On shard b: The schema of shard b has version 2; this program works with version 1 (SHARD_UNVERIFIED)',
    ],
    [
      'that is no shard any more',
      'alter schema tenantry rename to other',
      'alter schema other rename to tenantry',
      'On shard b: The database at the address of shard b is not a shard (CONFLICT)',
    ],
    [
      'whose tables do not fit',
      'alter table "Posts" rename to "Gone"',
      'alter table "Gone" rename to "Posts"',
      'On shard b: The tables of the shard do not fit (INVALID_CONFIGURATION):\n- public.Posts does not exist in the shard',
    ],
  ])('refuses a shard %s by name, before another has been changed', async (_, spoil, mend, problem) => {
    await second?.query(sqlText(spoil));
    try {
      for (const line of ['policy apply', 'policy apply --dry-run', 'policy apply --shard b'])
        expect(await refused(line)).toContain(problem);
      expect(await applied()).toBe(false);
    } finally {
      await second?.query(sqlText(mend));
    }
  });
});

describe('a shard whose schema another version of Tenantry has made', () => {
  test.each([
    [2, 'go on with the version of Tenantry that made it, or a later one'],
    [0, 'go on with the version of Tenantry that made it'],
  ])('%i: doctor says which program goes with it, and does not send anybody to recover', async (version, remedy) => {
    const shard = world.openDatabase('shop_a');
    await shard.query(sqlText(`update tenantry.schema_version set version = ${version}`));
    try {
      const { code, out } = await world.run('doctor --json');
      const findings = (JSON.parse(out) as { subject: string; level: string; text: string; remedy?: string }[]).filter(
        ({ subject }) => subject === 'shard a',
      );
      expect([code, findings]).toEqual([
        2,
        [{ subject: 'shard a', level: 'problem', text: expect.stringContaining(`has version ${version};`), remedy }],
      ]);
    } finally {
      await shard.query(sqlText('update tenantry.schema_version set version = 1'));
    }
  });
});

describe('a catalog that is none', () => {
  const at = async (database: string): Promise<Record<string, string>> => ({ TENANTRY_CATALOG_URL: world.server.url(database) });

  test('an empty database says how to make one', async () => {
    await world.server.createDatabase('blank');
    expect(await refused('tenant list', await at('blank'))).toContain(
      'has no catalog of Tenantry: run `tenantry map create`, or check the address (INVALID_CONFIGURATION)',
    );
    const { code, out } = await world.run('doctor', { environment: await at('blank') });
    expect(code).toBe(2);
    expect(out).toContain("problem  catalog: The catalog's database has no catalog of Tenantry: run `tenantry map create`");
  });

  test('a shard is refused as a catalog', async () => {
    expect(await refused('map create', await at('shop_a'))).toContain(
      'The database of catalog.url is a shard; a shard cannot be the catalog',
    );
    expect(await refused('tenant list', await at('shop_a'))).toContain('(INVALID_CONFIGURATION)');
  });

  test('one that does not answer', async () => {
    for (const line of ['tenant list', 'map create'])
      expect(await refused(line, { TENANTRY_CATALOG_URL: 'postgres://u:s3cret@127.0.0.1:1/x' })).toContain('(CATALOG_UNAVAILABLE)');
  });

  test('one of a newer schema is refused by every command', async () => {
    await catalog.query(sqlText('update tenantry.schema_version set version = 2'));
    try {
      for (const line of ['tenant list', 'tenant add 50 --shard a', 'map create other', 'shard list', 'recover', 'serve']) {
        expect(await refused(line)).toContain(
          "The catalog's schema has version 2, made by a newer Tenantry; this program works with version 1 (INVALID_CONFIGURATION)",
        );
      }
      const { code, out } = await world.run('doctor');
      expect(code).toBe(2);
      expect(out).toContain("problem  catalog: The catalog's schema has version 2");
      expect(out).not.toContain('map create');
    } finally {
      await catalog.query(sqlText('update tenantry.schema_version set version = 1'));
    }
  });

  test('one whose map is another kind than the configuration says', async () => {
    await writeFile(
      join(world.folder, 'other.json'),
      configuration({ map: { name: 'customers', kind: 'range', key: 'bigint', context: 'TenantId' } }),
    );
    expect(await refused('serve --config other.json')).toContain(
      'The catalog has shard map customers as a list of int; the configuration says range of bigint',
    );
    const { code, out } = await world.run('doctor --config other.json');
    expect(code).toBe(2);
    expect(out).toContain('problem  catalog: The catalog has shard map customers as a list of int');
    expect(out).not.toContain('map create');
  });
});

describe('serve', () => {
  test('is refused where its port is taken, and leaves nothing open', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await writeFile(join(world.folder, 'taken.json'), configuration({ http: { port, opsPort: 0 } }));
    const { code, err } = await world.run('serve --config taken.json');
    listener.close();
    expect(code).toBe(1);
    expect(err).toContain(
      `error: http.port: 127.0.0.1:${port} is in use already: choose another, or end what listens there (INVALID_CONFIGURATION)`,
    );
  });
});

describe('doctor', () => {
  const findings = async (): Promise<{ code: number; problems: string[] }> => {
    const { code, out } = await world.run('doctor --json');
    const all = JSON.parse(out) as { subject: string; level: string; text: string; remedy?: string }[];
    return {
      code,
      problems: all
        .filter(({ level }) => level !== 'ok')
        .map(({ subject, level, text, remedy }) => `${level} ${subject}: ${text} | ${remedy ?? ''}`),
    };
  };
  let shard: SqlDatabase;
  beforeAll(async () => {
    shard = world.openDatabase('shop_a');
  });

  test('is content with a sound fleet', async () => {
    expect(await findings()).toEqual({ code: 0, problems: [] });
  });

  test.each([
    [
      'a policy that was dropped',
      'drop policy tenantry_tenant on "Blogs"',
      /^problem shard a: The protection of public\.Blogs is not what the configuration says\. \| tenantry policy apply --shard a$/,
    ],
    ['a table that is not forced', 'alter table "Posts" no force row level security', /^problem shard a: The protection of public\.Posts /],
    ['a login of app that is a superuser', 'alter role t_app superuser', /^problem shard a, login of app: .*superuser/],
    [
      'a login of app that bypasses policies',
      'alter role t_app bypassrls',
      /^problem shard a, login of app: .*bypasses row-level security/,
    ],
    [
      'a login for reports that bypasses policies',
      'alter role t_superuser bypassrls',
      /^problem shard a, login of superuser: It bypasses row-level security\./,
    ],
    ['an admin that is a superuser', 'alter role t_admin superuser', /^problem shard a, login of admin: It is a superuser of the server\./],
    [
      'a mover that reads everything',
      'grant pg_read_all_data to t_mover',
      /^problem shard a, login of mover: It is a member of a role that reads or writes everything\./,
    ],
    [
      'a login that is locked out',
      'alter role t_mover nologin',
      /^problem shard a, login of mover: The server did not let the login in, SQLSTATE 28000\./,
    ],
    [
      'commits that a crash would lose',
      'alter database shop_a set synchronous_commit = off',
      /^problem shard a: Commits are acknowledged before they are on the disk \(synchronous_commit is off\): .* \| alter database shop_a set synchronous_commit = on$/,
    ],
  ])('finds %s', async (_title, sabotage, expected) => {
    await shard.query(sqlText(sabotage));
    const { code, problems } = await findings();
    await shard.query(sqlText('alter database shop_a reset synchronous_commit'));
    await shard.query(
      sqlText(
        'alter role t_app nosuperuser nobypassrls; alter role t_superuser nobypassrls; alter role t_admin nosuperuser; revoke pg_read_all_data from t_mover; alter role t_mover login',
      ),
    );
    expect((await world.run('policy apply')).code).toBe(0);
    expect(code).toBe(2);
    expect(problems.filter((problem) => expected.test(problem))).toHaveLength(1);
  });

  test('finds a shard that is another server now', async () => {
    await catalog.query(sqlText("update tenantry.shard set incarnation = '1/1' where name = 'a'"));
    const { code, problems } = await findings();
    expect(code).toBe(2);
    expect(problems).toEqual([
      expect.stringMatching(/^problem shard a: .*The server of shard a is not the one that was added.* \| tenantry recover$/),
    ]);
    expect(await world.run('recover')).toMatchObject({ code: 0, out: expect.stringContaining('reopened shard a') });
    expect((await findings()).code).toBe(0);
  });

  test('finds a local map that is not as the catalog has it, and changes nothing', async () => {
    const local = 'select mapping_id, state, epoch from tenantry.local_mapping order by mapping_id';
    await shard.query(sqlText('create table kept as select mapping_id from tenantry.local_mapping'));
    await shard.query(sqlText("update tenantry.local_mapping set state = 'OFFLINE'"));
    await shard.query(
      sqlText(`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
        select n, 'point', decode(lpad(to_hex(n), 8, '0'), 'hex'), 'ONLINE', 1, decode(repeat('00', 16), 'hex') from generate_series(100001, 102500) n`),
    );
    const before = (await shard.query(sqlText(local))).rows;
    const { code, problems } = await findings();
    expect(code).toBe(2);
    expect(problems).toHaveLength(11);
    expect(problems[0]).toMatch(
      /^problem shard a: Its local map disagrees with the catalog, state of mapping \d+: the catalog has ONLINE, the shard OFFLINE\. \| tenantry recover$/,
    );
    expect(problems[1]).toMatch(/extra of mapping 100001: the catalog has absent, the shard ONLINE at epoch 1, tenant /);
    expect(problems[10]).toBe('problem shard a: Its local map disagrees with the catalog in more than these 10. | tenantry recover');
    expect((await shard.query(sqlText(local))).rows).toEqual(before);
    await shard.query(
      sqlText(
        "delete from tenantry.local_mapping where mapping_id not in (select mapping_id from kept); update tenantry.local_mapping set state = 'ONLINE'; drop table kept",
      ),
    );
    expect(await findings()).toEqual({ code: 0, problems: [] });
  });

  test('finds a protection that is not the configured one', async () => {
    await writeFile(join(world.folder, 'plain.json'), configuration({ contextProtection: 'plain' }));
    const { code, out } = await world.run('doctor --config plain.json');
    expect(code).toBe(2);
    expect(out).toContain(
      "problem  shard a: Its context protection is guarded; the configuration says plain.\n         run: set contextProtection: 'guarded'",
    );
  });

  test('warns of a Redis that is away, and goes on', async () => {
    await writeFile(join(world.folder, 'redis.json'), configuration({ redis: { url: { env: 'REDIS_URL' } } }));
    const { code, out } = await world.run('doctor --config redis.json', { environment: { REDIS_URL: 'redis://:s3cret@127.0.0.1:1' } });
    expect(code).toBe(0);
    expect(out).toContain('warning  redis: It cannot be reached (ECONNREFUSED): every process has its own cache alone.');
    expect(out).not.toContain('s3cret');
  });

  test('says what is wrong with the configuration itself', async () => {
    const { code, out } = await world.run('doctor', { environment: { TENANTRY_FLEET_KEY: 'short' } });
    expect(code).toBe(2);
    expect(out).toContain('fleetKey.current: must be base64 of 32 random bytes');
  });
});

describe('ranges', () => {
  test('are added, split, merged, taken offline and removed', async () => {
    await writeFile(
      join(world.folder, 'ranges.json'),
      configuration({ map: { name: 'spans', kind: 'range', key: 'int', context: 'TenantId' } }),
    );
    const run = async (line: string): Promise<string> => {
      const { code, out, err } = await world.run(`${line} --config ranges.json`);
      expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      return out;
    };
    const list = async (): Promise<string[]> =>
      (JSON.parse(await run('range list --json')) as { low?: string; high?: string; state: string }[]).map(
        ({ low, high, state }) => `${low ?? '...'} ${high ?? '...'} ${state}`,
      );
    await world.createShardDatabase('spans_a');
    await run(`shard add s ${place} --database spans_a --bootstrap`);
    await run('range add --low -5 --high 100 --shard s');
    await run('range add --low 100 --shard s');
    expect(await list()).toEqual(['-5 100 ONLINE', '100 ... ONLINE']);
    await run('range split 50');
    await run('range merge 100');
    expect(await list()).toEqual(['-5 50 ONLINE', '50 ... ONLINE']);
    expect(await run('tenant where 60')).toMatch(/^Tenant 60 of map spans lives in range \[50, \.\.\.\) on shard s: ONLINE/);
    await run('range offline --low 50');
    expect(await list()).toEqual(['-5 50 ONLINE', '50 ... OFFLINE']);
    await run('range online --low 50');
    await run('range offline --low 50');
    await run('range remove --low 50 --purge --yes');
    expect(await list()).toEqual(['-5 50 ONLINE']);
    expect((await world.run('range add --low 40 --high 60 --shard s --config ranges.json')).err).toContain('(CONFLICT)');
  });
});

describe('init --from', () => {
  test('reads the tables, their key type, and those without a tenant', async () => {
    const shard = await world.createShardDatabase('brownfield');
    await shard.query(
      sqlText(
        'create table "Countries" ("Code" text primary key); create schema crm; create table crm."Calls" ("TenantId" integer, "Id" integer)',
      ),
    );
    const { code, out } = await world.run(`init --from ${world.server.url('brownfield')} --output new.ts --json`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ file: 'new.ts', tables: ['crm.Calls', 'Blogs', 'Posts'], undecided: ['Countries'] });
  });

  test.each([
    ['--tenant-column Tenant', 'No table there has a column Tenant; name another by --tenant-column (INVALID_REQUEST)'],
    [
      '--tenant-column Mixed',
      'The columns Mixed have the types integer, text; all must keep the same type of keys: int, bigint, uuid, string, bytes',
    ],
  ])('is refused with %s', async (options, problem) => {
    const shard = await world.createShardDatabase(`brown_${options.length}`);
    await shard.query(sqlText('create table x1 ("Mixed" integer); create table x2 ("Mixed" text)'));
    const files = await readdir(world.folder);
    const { code, err } = await world.run(`init --from ${world.server.url(`brown_${options.length}`)} ${options} --output never.ts`);
    expect(code).toBe(1);
    expect(err).toContain(problem);
    expect(err).not.toContain(world.server.password);
    expect(await readdir(world.folder)).toEqual(files);
  });
});
