import { beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { sampleConfig, sampleEnvironment } from '../../unit/config/sample.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();

const context = {
  userId: { type: 'string' },
  level: { type: 'int' },
  account: { type: 'bigint' },
  device: { type: 'uuid' },
  roles: { type: 'strings' },
};
const tables = {
  Samples: { tenant: 'TenantId', parent: { table: 'Projects', columns: { ProjectId: 'Id' } } },
  Projects: { tenant: 'TenantId' },
  Permissions: { tenant: 'TenantId' },
  Units: 'reference',
};
const permission = { permission: 'Permissions', user: 'UserId', is: 'userId', resource: 'SampleId', of: 'Id', access: 'HasAccess' };
const lookup = { lookup: 'Units', key: 'Code', is: 'userId', gives: 'Unit', of: 'Unit' };

const anyFile = new URL('../../../package.json', import.meta.url);

/** Puts policies on Samples, with what else the configuration says. */
function apply(parts: object, others: object = {}): Promise<unknown> {
  const config = sampleConfig({ tables: { ...tables, ...others }, context, policies: { mine: { on: 'Samples', ...parts } } });
  // It names no Blogs, of which app has rights.
  return shard.apply(resolveConfig(config, sampleEnvironment).tables, { despiteLeaks: true });
}

/** What of the shard does not fit, a line each. */
async function problems(parts: object, others: object = {}): Promise<string[]> {
  const refused = await apply(parts, others).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ code: 'INVALID_CONFIGURATION' });
  const [heading, ...lines] = (refused as Error).message.split('\n');
  expect(heading).toContain('The tables of the shard do not fit:');
  return lines.map((line) => line.replace(/^- /, ''));
}

async function renew(): Promise<void> {
  await shard.renew();
  await shard.asAdmin(`
    create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create domain code as text;
    create table "Projects" ("TenantId" integer not null, "Id" bigint not null, "Folded" text collate folded, "Padded" char(5), "Owner" varchar(20),
      primary key ("TenantId", "Id"));
    create table "Samples" ("TenantId" integer not null, "Id" integer not null, "ProjectId" smallint, "Owner" text, "Folded" text collate folded, "Padded" char(5),
      "Device" uuid, "Level" integer, "Amount" numeric, "At" timestamptz, "Code" code, "Unit" varchar(10), primary key ("TenantId", "Id"));
    create table "Permissions" ("TenantId" integer not null, "UserId" text not null, "SampleId" integer not null, "HasAccess" boolean not null,
      "Small" smallint, "Text" text, "Amount" numeric, primary key ("TenantId", "UserId", "SampleId"));
    create table "Units" ("Code" text primary key, "Unit" text, "Number" integer)`);
}

describe('policies are refused before anything is applied where a shard cannot be asked them:', () => {
  beforeAll(renew);

  it.each<[what: string, rows: unknown, problems: readonly string[]]>([
    [
      'a column that is not there, with what was meant',
      { owner: 'Ovner', is: 'userId' },
      ['public.Samples has no column Ovner (names are exact-case), which policies.mine.rows.owner names; did you mean Owner?'],
    ],
    [
      'a column of other case',
      { all: [{ owner: 'owner', is: 'userId' }] },
      ['public.Samples has no column owner (names are exact-case), which policies.mine.rows.all[0].owner names; did you mean Owner?'],
    ],
    [
      'every column of a permission table, and of the row',
      {
        any: [
          { role: 'admin', in: 'roles' },
          { permission: 'Permissions', user: 'User', is: 'userId', resource: 'Sample', of: 'SampelId', access: 'Access' },
        ],
      },
      [
        'public.Permissions has no column Access (names are exact-case), which policies.mine.rows.any[1].access names; it has TenantId, UserId, SampleId, HasAccess, Small, Text, Amount',
        'public.Permissions has no column Sample (names are exact-case), which policies.mine.rows.any[1].resource names; did you mean SampleId?',
        'public.Permissions has no column User (names are exact-case), which policies.mine.rows.any[1].user names; it has TenantId, UserId, SampleId, HasAccess, Small, Text, Amount',
        'public.Samples has no column SampelId (names are exact-case), which policies.mine.rows.any[1].of names; it has TenantId, Id, ProjectId, Owner, Folded, Padded, Device, Level, Amount, At, Code, Unit',
      ],
    ],
    [
      'columns of a lookup and of a raw predicate',
      {
        all: [
          { ...lookup, key: 'Cod', gives: 'unit' },
          { raw: { postgres: anyFile }, columns: ['Id', 'Onwer'] },
        ],
      },
      [
        'public.Samples has no column Onwer (names are exact-case), which policies.mine.rows.all[1].columns names; did you mean Owner?',
        'public.Units has no column unit (names are exact-case), which policies.mine.rows.all[0].gives names; did you mean Unit?',
        'public.Units has no column Cod (names are exact-case), which policies.mine.rows.all[0].key names; did you mean Code?',
      ],
    ],
    [
      'a column of a parent',
      { parent: { owner: 'Boss', is: 'userId' } },
      [
        'public.Projects has no column Boss (names are exact-case), which policies.mine.rows.parent.owner names; it has TenantId, Id, Folded, Padded, Owner',
      ],
    ],
    ...(
      [
        ['Level', 'userId', 'integer', 'string', 'text or varchar'],
        ['Padded', 'userId', 'character(5)', 'string', 'text or varchar'],
        ['Code', 'userId', 'public.code', 'string', 'text or varchar'],
        ['Owner', 'level', 'text', 'int', 'smallint, integer or bigint'],
        ['Amount', 'account', 'numeric', 'bigint', 'smallint, integer or bigint'],
        ['Owner', 'device', 'text', 'uuid', 'uuid'],
        ['Device', 'userId', 'uuid', 'string', 'text or varchar'],
      ] as const
    ).map(([column, value, type, valueType, allowed]): [string, unknown, string[]] => [
      `a column of type ${type} for a value of type ${valueType}`,
      { owner: column, is: value },
      [
        `public.Samples cannot be asked what policies.mine.rows.owner asks: ${column} is of type ${type}, and a value of type ${valueType} is compared with ${allowed}`,
      ],
    ]),
    [
      'a key of another type than the value',
      { ...lookup, key: 'Number' },
      [
        'public.Units cannot be asked what policies.mine.rows.key asks: Number is of type integer, and a value of type string is compared with text or varchar',
      ],
    ],
    ...(
      [
        ['Unit', 'character varying(10)', 'SampleId', 'integer'],
        ['Amount', 'numeric', 'SampleId', 'integer'],
        ['At', 'timestamp with time zone', 'SampleId', 'integer'],
        ['Id', 'integer', 'UserId', 'text'],
        ['Padded', 'character(5)', 'UserId', 'text'],
      ] as const
    ).map(([of, type, resource, other]): [string, unknown, string[]] => [
      `a column of type ${type} for one of type ${other}`,
      { permission: 'Permissions', user: 'UserId', is: 'userId', resource, of },
      [
        `public.Samples cannot be asked what policies.mine.rows.of asks: ${of} is of type ${type}, and ${resource} of public."Permissions", which it is compared with, of ${other}`,
      ],
    ]),
    [
      'access that is no yes or no',
      {
        any: [
          { ...permission, access: 'Text' },
          { ...permission, access: 'Amount' },
        ],
      },
      [
        'public.Permissions cannot say by policies.mine.rows.any[0].access who has access: Text is of type text, and must be of yes and no or a whole number',
        'public.Permissions cannot say by policies.mine.rows.any[1].access who has access: Amount is of type numeric, and must be of yes and no or a whole number',
      ],
    ],
  ])('%s', async (_, rows, expected) => {
    expect(await problems({ rows })).toEqual(expected);
    expect(
      (await shard.database.admin.run('policy/live-items', { tables: JSON.stringify([{ schema: 'public', table: 'Samples' }]) })).rows,
    ).toContainEqual(expect.objectContaining({ item: 'row security', definition: 'off' }));
  });

  it('a text by whose collation one user would be another, with what changes it', async () => {
    const found = await problems({ rows: { owner: 'Folded', is: 'userId' } });
    expect(found).toEqual([
      'public.Samples takes different texts for the same in Folded, which policies.mine.rows.owner goes by; run: alter table public."Samples" alter column "Folded" type text collate "C";',
    ]);
  });

  it('two columns of which either takes one text for another', async () => {
    const pair = (of: string, gives: string): object => ({ parent: { table: 'Projects', columns: { [of]: gives } }, tenant: 'TenantId' });
    const seen = { rows: { parent: 'visible' } };
    expect(await problems(seen, { Samples: pair('Folded', 'Owner') })).toEqual([
      'public.Samples takes different texts for the same in Folded, which tables.Samples.parent.columns.Folded goes by; run: alter table public."Samples" alter column "Folded" type text collate "C";',
    ]);
    expect(await problems(seen, { Samples: pair('Owner', 'Folded') })).toEqual([
      'public.Samples takes different texts for the same in Owner, which is compared with Folded of public."Projects", which tables.Samples.parent.columns.Owner goes by; run: alter table public."Projects" alter column "Folded" type text collate "C";',
    ]);
    expect(await problems(seen, { Samples: pair('Padded', 'Padded') })).toEqual([
      'public.Samples cannot be asked what tables.Samples.parent.columns.Padded asks: Padded is of type character(5), and Padded of public."Projects", which it is compared with, of character(5)',
    ]);
  });

  it('columns of a parent that are not there', async () => {
    const others = { Samples: { tenant: 'TenantId', parent: { table: 'Projects', columns: { ProjectId: 'ID', Project: 'Id' } } } };
    expect(await problems({ rows: { parent: 'visible' } }, others)).toEqual([
      'public.Projects has no column ID (names are exact-case), which tables.Samples.parent.columns.ProjectId names; did you mean Id?',
      'public.Samples has no column Project (names are exact-case), which tables.Samples.parent.columns.Project names; did you mean ProjectId?',
    ]);
  });

  it('a table that is missing, beside what is wrong with others', async () => {
    const rows = {
      any: [
        { ...lookup, lookup: 'Codes' },
        { owner: 'Ovner', is: 'userId' },
      ],
    };
    expect(await problems({ rows }, { Codes: 'reference' })).toEqual([
      'public.Codes does not exist in the shard',
      expect.stringContaining('public.Samples has no column Ovner') as string,
    ]);
  });

  it('a predicate that has no words for the engine of the shard, by its place', async () => {
    const raw = { any: [{ raw: { mssql: anyFile }, columns: [] }] };
    await expect(apply({ read: raw })).rejects.toThrow('policies.mine.read.any[0].raw has no file for postgres, the engine of the shard.');
  });
});

describe('a table of permissions in which a 1 and a 0 may stand together is refused', () => {
  beforeAll(renew);
  const answer = (columns: string): string =>
    `public.Permissions may have two rows for the same TenantId, UserId, SampleId, one of which grants what the other denies by policies.mine.rows.access; run: create unique index on public."Permissions" (${columns});`;

  it.each<[what: string, index: string]>([
    ['without any unique index', 'select 1'],
    ['by one over other columns', 'create unique index one on "Permissions" ("TenantId", "UserId", "SampleId", "HasAccess")'],
    ['by one over some rows', 'create unique index one on "Permissions" ("TenantId", "UserId", "SampleId") where "HasAccess"'],
    ['by one over an expression', 'create unique index one on "Permissions" ("TenantId", "UserId", abs("SampleId"))'],
    [
      'by one that looks at the end of a transaction',
      'alter table "Permissions" add constraint one unique ("TenantId", "UserId", "SampleId") deferrable',
    ],
    ['by one that is not unique', 'create index one on "Permissions" ("TenantId", "UserId", "SampleId")'],
  ])('%s', async (_, index) => {
    await shard.asAdmin(
      `alter table "Permissions" drop constraint if exists "Permissions_pkey", drop constraint if exists one; drop index if exists one; create index if not exists by_tenant on "Permissions" ("TenantId"); ${index}`,
    );
    expect(await problems({ rows: permission })).toEqual([answer('"TenantId", "UserId", "SampleId"')]);
  });

  it.each([
    [
      'the same columns in another order',
      'create unique index one on "Permissions" ("SampleId", "TenantId", "UserId") include ("HasAccess")',
    ],
    ['fewer columns', 'create unique index one on "Permissions" ("UserId", "SampleId")'],
  ])('unless there is a unique index over %s', async (_, index) => {
    await shard.asAdmin(`drop index if exists one; ${index}`);
    await apply({ rows: permission });
  });

  it('unless nothing says who has none', async () => {
    await shard.asAdmin('drop index if exists one');
    const { access: _, ...there } = permission;
    await apply({ rows: there });
  });
});

it('policies whose columns fit are applied: every type that goes with another', async () => {
  await renew();
  const rows = {
    all: [
      permission,
      { ...permission, access: 'Small' },
      lookup,
      { parent: { owner: 'Owner', is: 'userId' } },
      {
        any: [
          { owner: 'Device', is: 'device' },
          { owner: 'Level', is: 'account' },
          { owner: 'ProjectId', is: 'level' },
          { owner: 'Owner', is: 'userId' },
        ],
      },
    ],
  };
  await apply({ rows });
  expect((await shard.app.query(sqlText('select 1 from "Samples"'))).rows).toEqual([]);
});
