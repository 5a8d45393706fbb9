import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../../../src/config.ts';
import type { PolicyFinding } from '../../../src/policy/model.ts';
import { sampleConfig, sampleEnvironment } from '../../unit/config/sample.ts';
import { usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();

const context = { userId: { type: 'string' }, roles: { type: 'strings' } };
const tables = {
  Blogs: { tenant: 'TenantId' },
  Samples: { tenant: 'TenantId', parent: { table: 'Projects', columns: { ProjectId: 'Id', Version: 'Version' } } },
  Projects: { tenant: 'TenantId' },
  Permissions: { tenant: 'TenantId' },
  Units: 'reference',
};
const admin = { role: 'admin', in: 'roles' };
const own = { owner: 'Owner', is: 'userId' };
const permission = { permission: 'Permissions', user: 'UserId', is: 'userId', resource: 'SampleId', of: 'Id' };
const lookup = { lookup: 'Units', key: 'Code', is: 'userId', gives: 'Unit', of: 'Unit', few: false };
/** Nobody but admins writes the permissions. */
const guarded = { guarded: { on: 'Permissions', write: admin } };

/** What is warned of with these policies. */
async function warnings(policies: object): Promise<readonly PolicyFinding[]> {
  const config = sampleConfig({ tables, context, policies });
  const result = await shard.apply(resolveConfig(config, sampleEnvironment).tables, { dryRun: true });
  return result.warnings;
}

async function renew(): Promise<void> {
  await shard.renew();
  await shard.asAdmin(`
    create table "Projects" ("TenantId" integer not null, "Id" integer not null, "Version" integer not null, "Owner" text, primary key ("TenantId", "Id", "Version"));
    create table "Samples" ("TenantId" integer not null, "Id" integer not null, "ProjectId" integer, "Version" integer, "Owner" text, "Unit" text,
      primary key ("TenantId", "Id"));
    create table "Permissions" ("TenantId" integer not null, "UserId" text not null, "SampleId" integer not null, "Number" integer not null,
      primary key ("TenantId", "Number"));
    create table "Units" ("Number" integer primary key, "Unit" text, "Code" text)`);
}

describe('a policy that would be changed in place', () => {
  const [before, after] = [
    { on: 'Projects', rows: own },
    { on: 'Projects', rows: { any: [own, admin] } },
  ];
  const changed = async (policies: object): Promise<readonly PolicyFinding[]> =>
    (await warnings(policies)).filter(({ code }) => code === 'changed-policy');
  beforeAll(async () => {
    await renew();
    await shard.apply(resolveConfig(sampleConfig({ tables, context, policies: { mine: before } }), sampleEnvironment).tables);
  });

  it('is told before it is, with what lets every service in meanwhile', async () => {
    expect(await changed({ mine: after })).toEqual([
      {
        code: 'changed-policy',
        severity: 'advice',
        object: 'public.Projects',
        text: 'has a policy mine that the configuration says otherwise than before: services with the configuration of before are refused once the shard has it, those with the new one until then',
        advice:
          'beside mine on public.Projects put the new one under a name of its own, and apply; replace the services by ones that have the new one alone; then apply without mine',
      },
    ]);
  });

  it('is none where another comes beside it, in its place, or nothing is changed', async () => {
    for (const policies of [{ mine: before }, { mine: before, theirs: after }, { theirs: after }, {}])
      expect(await changed(policies)).toEqual([]);
  });

  it('is none where somebody else wrote what the shard keeps of it', async () => {
    await shard.asRoot(`update tenantry.policy_model set model = '{"policies": ['`);
    expect(await changed({ mine: after })).toEqual([]);
  });
});

describe('an index that a policy needs is demanded:', () => {
  beforeAll(renew);
  const demands = (table: string, columns: string, quoted: string, at: string): PolicyFinding => ({
    code: 'no-predicate-index',
    severity: 'advice',
    object: `public.${table}`,
    text: `has no index that begins with ${columns}, by which ${at} is asked: every statement reads all of a tenant's rows`,
    remedy: `create index on public."${table}" (${quoted})`,
  });

  it.each<[what: string, policies: object, expected: PolicyFinding]>([
    [
      'of an owner',
      { mine: { on: 'Samples', rows: { all: [own] } } },
      demands('Samples', 'TenantId, Owner', '"TenantId", "Owner"', 'policies.mine.rows.all[0].owner'),
    ],
    [
      'of permissions of a user',
      { ...guarded, mine: { on: 'Samples', rows: { any: [own, permission] } } },
      demands('Permissions', 'TenantId, UserId', '"TenantId", "UserId"', 'policies.mine.rows.any[1].user'),
    ],
    [
      'of a lookup, which is every tenant’s',
      { mine: { on: 'Samples', rows: lookup } },
      demands('Units', 'Code', '"Code"', 'policies.mine.rows.key'),
    ],
  ])('%s', async (_, policies, expected) => {
    expect(await warnings(policies)).toEqual([expected]);
    await shard.asAdmin(expected.remedy ?? '');
    expect(await warnings(policies)).toEqual([]);
  });

  it.each<[what: string, rows: object, column: string, at: string]>([
    ['a lookup', { ...lookup, few: true }, 'Unit', 'policies.mine.rows.of'],
    ['permissions', { ...permission, of: 'Version', few: true }, 'Version', 'policies.mine.rows.of'],
  ])('where few rows of %s are one caller’s, of the row’s own column', async (_, rows, column, at) => {
    const found = await warnings({ ...guarded, mine: { on: 'Samples', rows } });
    expect(found).toContainEqual(demands('Samples', `TenantId, ${column}`, `"TenantId", "${column}"`, at));
  });

  it('not of permissions whose index has the row’s column before the user’s', async () => {
    await shard.asAdmin(
      'drop index if exists "Permissions_TenantId_UserId_idx"; create index whole on "Permissions" ("TenantId", "SampleId", "UserId")',
    );
    const policies = { ...guarded, mine: { on: 'Samples', rows: permission } };
    expect(await warnings(policies)).toEqual([]);
    await shard.asAdmin('drop index whole; create index whole on "Permissions" ("TenantId", "Number", "UserId")');
    expect((await warnings(policies)).map(({ code }) => code)).toEqual(['no-predicate-index']);
  });

  it('of the key of a parent', async () => {
    const policies = { mine: { on: 'Samples', rows: { parent: 'visible' } } };
    expect(await warnings(policies)).toEqual([]);
    await shard.asAdmin('alter table "Projects" drop constraint "Projects_pkey", add primary key ("TenantId", "Owner", "Id", "Version")');
    const expected = demands('Projects', 'TenantId, Id, Version', '"TenantId", "Id", "Version"', 'tables.Samples.parent.columns');
    expect(await warnings(policies)).toEqual([expected]);
    await shard.asAdmin(expected.remedy ?? '');
    expect(await warnings(policies)).toEqual([]);
  });

  it.each([
    ['over the same columns in another order, and more behind them', 'create index one on "Samples" ("Owner", "TenantId", "Unit")', 0],
    [
      'unique over one of them',
      'create unique index one on "Samples" ("TenantId", "Id"); create unique index two on "Samples" ("Owner")',
      0,
    ],
    ['over more columns before them', 'create index one on "Samples" ("TenantId", "Unit", "Owner")', 1],
    ['over some rows', `create index one on "Samples" ("TenantId", "Owner") where "Unit" = 'm'`, 1],
    ['over fewer columns', 'create index one on "Samples" ("TenantId")', 1],
    ['that keeps but the ends of each block', 'create index one on "Samples" using brin ("TenantId", "Owner")', 1],
  ])('not where there is one %s: %#', async (_, index, count) => {
    await shard.asAdmin(`drop index if exists "Samples_TenantId_Owner_idx", one, two; ${index}`);
    const found = await warnings({ mine: { on: 'Samples', rows: own } });
    expect(found.filter(({ code }) => code === 'no-predicate-index')).toHaveLength(count);
  });

  it('not of one column where there is one that finds equals alone', async () => {
    await shard.asAdmin('drop index if exists "Units_Code_idx"; create index by_code on "Units" using hash ("Code")');
    expect(await warnings({ mine: { on: 'Samples', rows: lookup } })).toEqual([]);
  });

  it('not of an owner where other rows are seen, too, or all are', async () => {
    await shard.asAdmin('drop index if exists one, two');
    expect(await warnings({ mine: { on: 'Samples', rows: { any: [own, admin] } } })).toEqual([]);
    expect(await warnings({ mine: { on: 'Samples', write: own } })).toEqual([]);
  });
});

describe('a table that decides who sees what', () => {
  beforeAll(async () => {
    await renew();
    await shard.asAdmin('create index on "Permissions" ("TenantId", "UserId"); create index on "Units" ("Code")');
  });
  const mine = { on: 'Samples', read: { any: [permission, lookup] }, insert: { any: [permission, lookup] } };
  const open = (operations: string) => ({
    code: 'open-deciding-table',
    severity: 'advice',
    object: 'public.Permissions',
    text: `decides by policies.mine.read.any[0].user who sees what, and every user of a tenant may ${operations} its rows: no policy is on writing it`,
    advice: 'put a policy with write on public.Permissions, or make it a reference table, which app only reads',
  });

  it('is one that nobody may write just so: a reference table is not written at all', async () => {
    expect((await warnings({ mine })).filter(({ text }) => text.includes('read'))).toEqual([open('insert, update, delete')]);
    expect(
      (await warnings({ mine, some: { on: 'Permissions', insert: admin, delete: admin } })).filter(({ text }) => text.includes('read')),
    ).toEqual([open('update')]);
    expect(await warnings({ mine, ...guarded })).toEqual([]);
    expect(
      await warnings({ mine, one: { on: 'Permissions', insert: admin, update: admin }, two: { on: 'Permissions', delete: admin } }),
    ).toEqual([]);
  });
});

describe('rows that whoever adds them does not see are told of', () => {
  beforeAll(async () => {
    await renew();
    await shard.asAdmin('create index on "Samples" ("TenantId", "Owner")');
  });
  const unseen = (policies: string): PolicyFinding => ({
    code: 'unseen-insert',
    severity: 'advice',
    object: 'public.Samples',
    text: `takes rows that whoever adds them does not see: adding them asks less than reading by ${policies}`,
    advice: 'say insert in the policies on public.Samples, with what reading asks, where that is not meant',
  });

  it.each<[what: string, policies: object, found: readonly PolicyFinding[]]>([
    ['where adding asks nothing', { mine: { on: 'Samples', read: own } }, [unseen('mine')]],
    ['where it asks something else', { mine: { on: 'Samples', read: own, write: admin } }, [unseen('mine')]],
    ['where it asks less of them', { mine: { on: 'Samples', read: { all: [own, admin] }, write: own } }, [unseen('mine')]],
    ['for each policy', { mine: { on: 'Samples', read: own }, yours: { on: 'Samples', read: admin, write: own } }, [unseen('yours')]],
    ['not where it asks the same, or more', { mine: { on: 'Samples', read: own, write: { all: [admin, own] } } }, []],
    ['not where all is asked of every operation', { mine: { on: 'Samples', rows: own } }, []],
    ['not where another policy asks it', { mine: { on: 'Samples', read: own }, yours: { on: 'Samples', insert: own } }, []],
    ['not where only writing asks', { mine: { on: 'Samples', write: own } }, []],
  ])('%s', async (_, policies, found) => {
    expect(await warnings(policies)).toEqual(found);
  });
});

it('a raw predicate that reads another table without the tenant is told of, by its file', async () => {
  await renew();
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-raw-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const raw = (name: string, text: string): object => {
    writeFileSync(join(folder, name), text);
    return { raw: { postgres: join(folder, name) }, columns: ['Unit'] };
  };
  const careless = raw('careless', '"Samples"."Unit" in (select "Unit" from "Units")');
  expect(await warnings({ mine: { on: 'Samples', rows: { all: [careless] } } })).toEqual([
    {
      code: 'raw-subquery',
      severity: 'advice',
      object: 'public.Samples',
      text: "has a policy in an engine's own words, policies.mine.rows.all[0].raw.postgres, that reads another table and does not name the tenant",
      advice:
        'compare the tenant column of what it reads with the tenant: tenantry.current_tenant(), or SESSION_CONTEXT of tenantry.tenant',
    },
  ]);
  const careful = raw('careful', 'exists (select from "Permissions" p where p."TenantId" = (select tenantry.current_tenant()))');
  expect(await warnings({ mine: { on: 'Samples', rows: careful } })).toEqual([]);
  expect(await warnings({ mine: { on: 'Samples', rows: raw('plain', `"Unit" = 'm'`) } })).toEqual([]);
});

it('a raw predicate that asks for the session is told of, with its words', async () => {
  await renew();
  const asking = {
    raw: { postgres: { sql: `"Unit" = 'm' or SESSION_USER = 'shop_app' or current_setting('role') = 'none' or "session_user" is null` } },
    columns: ['Unit'],
  };
  expect(await warnings({ mine: { on: 'Samples', rows: asking } })).toMatchObject([
    {
      code: 'session-identity',
      object: 'public.Samples',
      text: expect.stringMatching(
        /^asks for the session \(session_user, current_setting\('role'\) by policies\.mine\.rows\.raw\.postgres: /,
      ) as string,
    },
  ]);
});
