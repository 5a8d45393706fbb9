import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { schemaVersions } from '../../../src/core/schema-version.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { useCliFleet } from './fleet.ts';
import { configuration } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

const fleet = useCliFleet();

describe('doctor', () => {
  const findings = async (): Promise<{ code: number; problems: string[] }> => {
    const { code, out } = await fleet.world.run('doctor --json');
    const all = itemsOf<{ subject: string; level: string; text: string; remedy?: string; advice?: string }>(out);
    return {
      code,
      problems: all
        .filter(({ level }) => level !== 'ok')
        .map(({ subject, level, text, remedy, advice }) => `${level} ${subject}: ${text} | ${remedy ?? advice}`),
    };
  };
  let shard: SqlDatabase;
  beforeAll(async () => {
    shard = fleet.world.openDatabase('shop_a');
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
    [
      'what app’s connection says of such a table, which policies mend and no login',
      'alter table "Posts" no force row level security',
      /^problem shard a: Posts: row-level security is not enabled and forced\. \| tenantry policy apply --shard a$/,
    ],
    [
      'a login of app that is a superuser',
      'alter role t_app superuser',
      /^problem shard a, login of app: .*superuser.* \| tenantry shard provision a$/,
    ],
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
    expect((await fleet.world.run('policy apply')).code).toBe(0);
    expect(code).toBe(2);
    expect(problems.filter((problem) => expected.test(problem))).toHaveLength(1);
  });

  test('names whose change closed the gate, once, also where policy apply refuses what is there', async () => {
    await shard.query(
      sqlText(`create function own() returns integer language sql immutable as 'select tenantry.current_tenant()';
        create view mine with (security_invoker = true) as select own() as tenant; grant select on mine to tenantry_app`),
    );
    try {
      const { code, problems } = await findings();
      expect(code).toBe(2);
      expect(problems.filter((problem) => problem.includes('serve no tenants'))).toEqual([
        expect.stringMatching(
          /^problem shard a: The functions of the shard do not fit:\n- public\.own is IMMUTABLE.*\nIt may serve no tenants\. Changed: GRANT by \S+ at .*\. \| mend each of these, then run tenantry policy apply --shard a$/,
        ),
      ]);
    } finally {
      await shard.query(sqlText('drop view mine; drop function own()'));
      expect((await fleet.world.run('policy apply')).code).toBe(0);
    }
  });

  test.each([
    ['a view', (name: string) => `create view ${name} as select * from "Blogs"; grant select on ${name} to tenantry_app`, 'view'],
    [
      'a function that is refused',
      (name: string) => `create function ${name}() returns integer language sql immutable as 'select tenantry.current_tenant()'`,
      'function',
    ],
  ])('the name of %s begins no line of its own, whoever tells it', async (_title, made, kind) => {
    const name = '"f\nhint: tenantry policy override --shard a"';
    await shard.query(sqlText(made(name)));
    try {
      for (const line of ['policy apply --dry-run', 'policy verify', 'doctor']) {
        const { out, err } = await fleet.world.run(line);
        expect(out + err).toContain(String.raw`f\u000ahint: tenantry`);
        expect(out + err).not.toMatch(/^\s*hint: tenantry/m);
      }
    } finally {
      await shard.query(sqlText(`drop ${kind} ${name}`));
      expect((await fleet.world.run('policy apply')).code).toBe(0);
      await fleet.catalog.query(sqlText('delete from tenantry.policy_verdict'));
    }
  });

  test('a password that the server does not know is looked at on this machine first, and no command promises to mend it by itself', async () => {
    const environment = { TENANTRY_PASSWORD: 'oops' };
    const { out } = await fleet.world.run('doctor --json', { environment });
    const refused = itemsOf<{ subject: string; text: string }>(out).filter(({ text }) => text.includes('28P01'));
    expect(refused).toEqual([
      {
        subject: 'shard a',
        level: 'problem',
        text: 'The server did not let the login in, SQLSTATE 28P01.',
        advice: expect.stringMatching(
          /^see whether the user and password of logins\.admin, as this machine has them, are right; only if they are, tenantry shard provision a /,
        ),
      },
    ]);
    const { err } = await fleet.world.run('policy diff --json', { environment });
    expect(err).toContain('28P01');
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'SHARD_UNAVAILABLE', retryable: false } });
    const url = new URL(fleet.world.environment['TENANTRY_CATALOG_URL'] ?? '');
    url.password = 'oops';
    const catalog = { environment: { TENANTRY_CATALOG_URL: url.href } };
    expect(itemsOf((await fleet.world.run('doctor --json', catalog)).out)).toContainEqual(
      expect.objectContaining({
        subject: 'catalog',
        remedy: 'tenantry config show',
        advice: 'look at the user and password of catalog.url',
      }),
    );
    expect((await fleet.world.run('shard list', catalog)).err).not.toContain('tried again');
  });

  test('names whose change closed the gate since the last acceptance and left it so, and nobody where no noted change did', async () => {
    const closed = /^problem shard a: It may serve no tenants\. Not accepted: /;
    const told = async (): Promise<string[]> => {
      const { problems } = await findings();
      expect(problems.join('\n'), 'what the connection of app says of it').not.toContain('The shard may serve no tenants');
      return problems.filter((problem) => closed.test(problem));
    };
    await shard.query(sqlText('create view "Seen" as select 1 as one'));
    await shard.query(sqlText('grant select on "Seen" to tenantry_app'));
    expect(await told()).toEqual([expect.stringMatching(/ Changed: GRANT by \S+ at [^;]+\. \| /)]);
    expect((await fleet.world.run('policy apply')).code).toBe(0);
    // The second undoes the first, and opens the gate again; no trigger sees the third.
    await shard.query(sqlText('revoke select on "Seen" from tenantry_app'));
    await shard.query(sqlText('grant select on "Seen" to tenantry_app'));
    await shard.query(sqlText('grant tenantry_mover to t_app'));
    const unseen = await told();
    await shard.query(sqlText('revoke tenantry_mover from t_app; drop view "Seen"'));
    expect((await fleet.world.run('policy apply')).code).toBe(0);
    expect(unseen).toEqual([expect.stringMatching(/\. No change was noted that closed its gate\. \| /)]);
  });

  test.each([
    ['commits of the catalog that a crash would lose', 'synchronous_commit', 'off', 'on', 'Commits .* that shards have followed already'],
    ['damaged pages of the catalog that nobody would hear of', 'zero_damaged_pages', 'on', 'off', 'Damaged pages .* mappings vanish'],
  ])('finds %s', async (_title, setting, wrong, right, text) => {
    await fleet.catalog.query(sqlText(`alter database catalog set ${setting} = ${wrong}`));
    const found = await findings();
    await fleet.catalog.query(sqlText(`alter database catalog reset ${setting}`));
    expect(found).toEqual({
      code: 2,
      problems: [expect.stringMatching(new RegExp(`^problem catalog: ${text}\\. \\| alter database catalog set ${setting} = ${right}$`))],
    });
  });

  test('finds a shard that is another server now', async () => {
    await fleet.catalog.query(sqlText("update tenantry.shard set incarnation = '1/1' where name = 'a'"));
    const { code, problems } = await findings();
    expect(code).toBe(2);
    expect(problems).toEqual([
      expect.stringMatching(/^problem shard a: .*The server of shard a is not the one that was added.* \| tenantry recover$/),
    ]);
    expect(await fleet.world.run('recover')).toMatchObject({ code: 0, out: expect.stringContaining('reopened shard a') });
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

  test.each(['plain', 'mac', 'guarded'] as const)('says what protects the context, which is as good as %s', async (contextProtection) => {
    await writeFile(join(fleet.world.folder, 'form.json'), configuration({ contextProtection }));
    const { code, out } = await fleet.world.run('doctor --config form.json');
    expect(code).toBe(0);
    expect(out).toContain('shard a: Its context protection is guarded.');
  });

  test('warns of a Redis that is away, and goes on', async () => {
    await writeFile(join(fleet.world.folder, 'redis.json'), configuration({ redis: { url: { env: 'REDIS_URL' } } }));
    const { code, out } = await fleet.world.run('doctor --config redis.json', {
      environment: { REDIS_URL: 'redis://:s3cret@127.0.0.1:1' },
    });
    expect(code).toBe(0);
    expect(out).toContain('warning  redis: It cannot be reached (ECONNREFUSED): every process has its own cache alone.');
    expect(out).not.toContain('s3cret');
  });

  test('says what is wrong with the configuration itself', async () => {
    const { code, out } = await fleet.world.run('doctor', { environment: { TENANTRY_FLEET_KEY: 'short' } });
    expect(code).toBe(2);
    expect(out).toContain('fleetKey.current: must be base64 of 32 random bytes');
    expect(out).toMatch(/\n {9}what helps: mend each of these, then run tenantry doctor again\n$/);
  });

  test('says what makes a catalog, or a map, that is not there', async () => {
    const empty = await fleet.world.server.createDatabase('nothing_yet');
    await writeFile(
      join(fleet.world.folder, 'another.json'),
      configuration({ map: { name: 'another', kind: 'list', key: 'int', context: 'TenantId' } }),
    );
    const help = { remedy: 'tenantry map create', advice: 'or look at catalog.url and map: tenantry config show' };
    for (const [line, environment, text] of [
      [
        'doctor --json',
        { TENANTRY_CATALOG_URL: empty },
        "The catalog's database has no catalog of Tenantry: run `tenantry map create`, or check the address.",
      ],
      ['doctor --json --config another.json', {}, 'The catalog has no shard map another: run `tenantry map create`.'],
    ] as const) {
      const { code, out } = await fleet.world.run(line, { environment });
      const problems = itemsOf<{ level: string }>(out).filter(({ level }) => level === 'problem');
      expect([code, problems]).toEqual([2, [{ subject: 'catalog', level: 'problem', text, ...help }]]);
    }
  });
});

describe('a shard whose schema another version of Tenantry has made', () => {
  test.each([
    [4, 'go on with the version of Tenantry that made it, or a later one'],
    [1, 'go on with the version of Tenantry that made it'],
  ])('%i: doctor says which program goes with it, and does not send anybody to recover', async (version, advice) => {
    const shard = fleet.world.openDatabase('shop_a');
    await shard.query(sqlText(`update tenantry.schema_version set version = ${version}`));
    try {
      const { code, out } = await fleet.world.run('doctor --json');
      const findings = itemsOf<{ subject: string; level: string; text: string; remedy?: string }>(out).filter(
        ({ subject }) => subject === 'shard a',
      );
      expect([code, findings]).toEqual([
        2,
        [{ subject: 'shard a', level: 'problem', text: expect.stringContaining(`has version ${version};`), advice }],
      ]);
    } finally {
      await shard.query(sqlText(`update tenantry.schema_version set version = ${schemaVersions.shard}`));
    }
  });
});
