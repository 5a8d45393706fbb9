import { createServer } from 'node:net';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineNames } from '../../../src/config/database-url.ts';
import { schemaVersions } from '../../../src/core/schema-version.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { useCliFleet } from './fleet.ts';
import { configuration } from './world.ts';

const fleet = useCliFleet();

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
    expect(await fleet.refused(line)).toContain(problem);
  });

  test('a shard’s database that does not exist', async () => {
    const problem = `There is no database nowhere on ${fleet.world.server.host}:${fleet.world.server.port} that answers (SHARD_UNAVAILABLE)`;
    expect(await fleet.refused(`shard add b ${fleet.place} --database nowhere`)).toContain(problem);
  });

  test('a server that does not answer', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    listener.close();
    const port = typeof address === 'object' ? address?.port : 0;
    expect(await fleet.refused(`shard add b --host 127.0.0.1 --port ${port} --database x`)).toContain(
      `Nothing listens at 127.0.0.1:${port} (SHARD_UNAVAILABLE)`,
    );
  });

  test('a server of another kind than the one that is said', async () => {
    const { host, port } = fleet.world.server;
    const problem = `What is at ${host}:${port} closed the connection before it had let anybody in: it is no SQL Server, or is going down`;
    expect(await fleet.refused(`shard add b --engine mssql --host ${host} --port ${port} --database shop_b`)).toContain(
      `${problem} (SHARD_UNAVAILABLE)`,
    );
    expect(await fleet.refused(`init --from mssql://me:s3cret@${host}:${port}/shop --output never.ts`)).toContain(
      `${problem} (SHARD_UNAVAILABLE)`,
    );
    const { catalog: _, ...parts } = JSON.parse(configuration()) as Record<string, unknown>;
    const elsewhere = { ...parts, catalog: { engine: 'mssql', url: { env: 'ELSEWHERE' } } };
    await writeFile(join(fleet.world.folder, 'kind.json'), JSON.stringify(elsewhere));
    const environment = { ELSEWHERE: `mssql://me:s3cret@${host}:${port}/catalog` };
    expect(await fleet.refused('shard list --config kind.json', environment)).toContain(`${problem} (CATALOG_UNAVAILABLE)`);
    const { out } = await fleet.world.run('doctor --config kind.json', { environment });
    expect(out).toContain(`problem  catalog: ${problem}`);
  });

  test('a shard by the name, or at the place, of another', async () => {
    expect(await fleet.refused(`shard add b ${fleet.place} --database shop_a`)).toContain('(CONFLICT)');
    await fleet.world.run(`shard add b ${fleet.place} --database shop_b --bootstrap`);
    expect(await fleet.refused(`shard add a ${fleet.place} --database shop_b`)).toContain('(CONFLICT)');
    expect((await fleet.world.run('shard remove b --yes')).code).toBe(0);
  });

  test('one database by two at once, of which one is a shard that serves', async () => {
    const place = `${fleet.place} --database shop_raced`;
    await fleet.world.createShardDatabase('shop_raced');
    expect((await fleet.world.run(`shard add r ${place} --bootstrap`)).code).toBe(0);
    expect((await fleet.world.run('shard remove r --yes')).code).toBe(0);
    const [p, q] = await Promise.all([fleet.world.run(`shard add p ${place}`), fleet.world.run(`shard add q ${place}`)]);
    const [added, both] = p.code === 0 ? ['p', [p, q]] : ['q', [q, p]];
    expect(both).toMatchObject([{ code: 0 }, { code: 1, err: expect.stringMatching(/\((CONFLICT|OPERATION_IN_PROGRESS)\)/) as string }]);
    expect(await fleet.world.run(`policy verify --shard ${added}`)).toMatchObject({ code: 0, err: '' });
    expect((await fleet.world.run(`shard remove ${added} --yes`)).code).toBe(0);
  });

  test('the catalog as a shard, by its address or by another name for it, unprepared and with --bootstrap', async () => {
    for (const host of [fleet.world.server.host, 'localhost']) {
      const line = `shard add c --host ${host} --port ${fleet.world.server.port} --database catalog`;
      expect(await fleet.refused(`${line} --bootstrap`)).toContain(
        'The database is a catalog; a catalog cannot be a shard (INVALID_REQUEST)',
      );
      expect(await fleet.refused(line)).toContain('a catalog cannot be a shard');
    }
    expect(
      (
        await fleet.catalog.query(
          sqlText("select from pg_roles r where has_database_privilege(r.oid, 'catalog', 'TEMP') and r.rolname = 't_app'"),
        )
      ).rowCount,
    ).toBe(1);
  });

  test('--bootstrap without the superuser, and with a wrong password', async () => {
    await fleet.world.createShardDatabase('shop_c');
    const line = `shard add c ${fleet.place} --database shop_c --bootstrap`;
    expect(await fleet.refused(line, { TENANTRY_BOOTSTRAP_PASSWORD: '' })).toContain(
      "--bootstrap needs the server's superuser in TENANTRY_BOOTSTRAP_USER and TENANTRY_BOOTSTRAP_PASSWORD (INVALID_REQUEST)",
    );
    expect(await fleet.refused(line, { TENANTRY_BOOTSTRAP_PASSWORD: 'wrong' })).toContain(
      'does not let the superuser of --bootstrap in (FORBIDDEN)',
    );
  });

  test('a shard without the configured tables, which leaves no trace in the catalog', async () => {
    await fleet.world.server.createDatabase('empty');
    expect(await fleet.refused(`shard add e ${fleet.place} --database empty --bootstrap`)).toMatch(/public\.Blogs .*\n.*public\.Posts /);
  });
});

describe('policy apply', () => {
  let [first, second]: SqlDatabase[] = [];
  const applied = async (): Promise<boolean> =>
    (await first?.query(sqlText(`select from pg_policies where tablename = 'Blogs' and policyname = 'tenantry_tenant'`)))?.rowCount === 1;
  beforeAll(async () => {
    [first, second] = [fleet.world.openDatabase('shop_a'), fleet.world.openDatabase('shop_b')];
    await fleet.world.run(`shard add b ${fleet.place} --database shop_b --bootstrap`);
    await first.query(sqlText('drop policy tenantry_tenant on "Blogs"'));
  });
  afterAll(async () => {
    expect((await fleet.world.run('policy apply')).code).toBe(0);
    expect(await applied()).toBe(true);
    expect((await fleet.world.run('shard remove b --yes')).code).toBe(0);
  });

  test.each([
    [
      'of a newer schema',
      `update tenantry.schema_version set version = ${schemaVersions.shard + 1}`,
      `update tenantry.schema_version set version = ${schemaVersions.shard}`,
      `On shard b: The schema of shard b has version ${schemaVersions.shard + 1}; this program works with version ${schemaVersions.shard}: go on with the version of Tenantry that made it, or a later one (SHARD_UNVERIFIED)`,
    ],
    [
      'of an older schema',
      `update tenantry.schema_version set version = ${schemaVersions.shard - 1}`,
      `update tenantry.schema_version set version = ${schemaVersions.shard}`,
      'go on with the version of Tenantry that made it (SHARD_UNVERIFIED)',
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
      for (const [line, others] of [
        ['policy apply', 'shard a: not reached\n'],
        ['policy apply --shard b', ''],
      ] as const)
        expect(await fleet.refused(line, {}, expect.stringMatching(new RegExp(`^${others}shard b: failed: `)))).toContain(problem);
      // What is pending on the others is told.
      const { code, out, err } = await fleet.world.run('policy apply --dry-run');
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(problem) as string });
      expect(out).toMatch(/^shard a: 1 to change\n[^]*\nshard b: cannot be done: /);
      expect(await applied()).toBe(false);
    } finally {
      await second?.query(sqlText(mend));
    }
  });
});

describe('a catalog that is none', () => {
  const at = async (database: string): Promise<Record<string, string>> => ({ TENANTRY_CATALOG_URL: fleet.world.server.url(database) });

  test('an empty database says how to make one', async () => {
    await fleet.world.server.createDatabase('blank');
    expect(await fleet.refused('tenant list', await at('blank'))).toContain(
      'has no catalog of Tenantry: run `tenantry map create`, or check the address (INVALID_CONFIGURATION)',
    );
    const { code, out } = await fleet.world.run('doctor', { environment: await at('blank') });
    expect(code).toBe(2);
    expect(out).toContain("problem  catalog: The catalog's database has no catalog of Tenantry: run `tenantry map create`");
  });

  test('a shard is refused as a catalog', async () => {
    expect(await fleet.refused('map create', await at('shop_a'))).toContain(
      'The database of catalog.url is a shard; a shard cannot be the catalog',
    );
    expect(await fleet.refused('tenant list', await at('shop_a'))).toContain('(INVALID_CONFIGURATION)');
  });

  test('one that does not answer', async () => {
    for (const line of ['tenant list', 'map create'])
      expect(await fleet.refused(line, { TENANTRY_CATALOG_URL: 'postgres://u:s3cret@127.0.0.1:1/x' })).toContain('(CATALOG_UNAVAILABLE)');
  });

  test('one of a newer schema is refused by every command', async () => {
    await fleet.catalog.query(sqlText('update tenantry.schema_version set version = 4'));
    try {
      for (const line of ['tenant list', 'tenant add 50 --shard a', 'map create other', 'shard list', 'recover', 'serve']) {
        expect(await fleet.refused(line)).toContain(
          "The catalog's schema has version 4; this program works with version 3: go on with the version of Tenantry that made it, or a later one (INVALID_CONFIGURATION)",
        );
      }
      const { code, out } = await fleet.world.run('doctor');
      expect(code).toBe(2);
      expect(out).toContain("problem  catalog: The catalog's schema has version 4");
      expect(out).not.toContain('map create');
    } finally {
      await fleet.catalog.query(sqlText('update tenantry.schema_version set version = 3'));
    }
  });

  test('one whose map is another kind than the configuration says', async () => {
    await writeFile(
      join(fleet.world.folder, 'other.json'),
      configuration({ map: { name: 'customers', kind: 'range', key: 'bigint', context: 'TenantId' } }),
    );
    expect(await fleet.refused('serve --config other.json')).toContain(
      'The catalog has shard map customers as a list of int; the configuration says range of bigint',
    );
    const { code, out } = await fleet.world.run('doctor --config other.json');
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
    await writeFile(join(fleet.world.folder, 'taken.json'), configuration({ http: { port, opsPort: 0 } }));
    const { code, err } = await fleet.world.run('serve --config taken.json');
    listener.close();
    expect(code).toBe(1);
    expect(err).toContain(
      `error: http.port: 127.0.0.1:${port} is in use already: choose another, or end what listens there (INVALID_CONFIGURATION)`,
    );
  });
});
