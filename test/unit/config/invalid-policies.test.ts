import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { problemsOf } from './problems-of.ts';
import { sampleConfig, sampleEnvironment } from './sample.ts';

const tables = {
  Blogs: { tenant: 'TenantId' },
  Posts: { tenant: 'TenantId', parent: { table: 'Blogs', columns: { BlogId: 'BlogId' } } },
  Permissions: { tenant: 'TenantId' },
  Countries: 'reference',
};
const context = { userId: { type: 'string' }, level: { type: 'int' }, roles: { type: 'strings' } };
const own = { owner: 'Owner', is: 'userId' };
const permission = { permission: 'Permissions', user: 'UserId', is: 'userId', resource: 'BlogId', of: 'BlogId', access: 'HasAccess' };
const lookup = { lookup: 'Permissions', key: 'UserId', is: 'userId', gives: 'BlogId', of: 'BlogId' };
const forms = 'owner, permission, lookup, role, parent, all, any, raw';
const parts = 'on, rows, read, write, insert, update, delete';
const isPredicate = `must be a predicate, an object with one of ${forms}`;

/** What is wrong with policies on Blogs and Posts. */
const problems = (policies: unknown, others: object = {}): string[] => problemsOf(sampleConfig({ tables, context, policies, ...others }));
/** What is wrong with a predicate as the rows of a policy on Posts. */
const problemsOfRows = (rows: unknown, others: object = {}): string[] => problems({ mine: { on: 'Posts', rows } }, others);

describe('policies are refused with every problem, its path and what is allowed:', () => {
  test.each<[what: string, policies: unknown, problems: readonly string[]]>([
    ['a list', [], ['policies: must be an object']],
    [
      'names that are none',
      {
        'a b': { on: 'Blogs', rows: own },
        '1st': { on: 'Blogs', rows: own },
        under_score: { on: 'Blogs', rows: own },
        [`a${'b'.repeat(40)}`]: 7,
      },
      ['a b', '1st', 'under_score', `a${'b'.repeat(40)}`].map(
        (name) => `policies.${name}: must be a name of 1 to 40 letters and digits, a letter first`,
      ),
    ],
    [
      'two names that are one but for the case of their letters',
      { mine: { on: 'Blogs', rows: own }, Mine: { on: 'Posts', rows: own } },
      ['policies.Mine: has the name of mine but for the case of its letters'],
    ],
    [
      'a name that no object can be read by',
      JSON.parse('{ "__proto__": { "on": "Blogs", "rows": { "owner": "Owner", "is": "userId" } } }'),
      ['policies.__proto__: is a name that nothing can have'],
    ],
    ['what is no policy', { a: 'Blogs', b: null, c: [] }, ['a', 'b', 'c'].map((name) => `policies.${name}: must be an object`)],
    [
      'no table, none of a list, and what is no name',
      {
        a: { rows: own },
        b: { on: 7, rows: own },
        c: { on: [], rows: own },
        d: { on: ['Blogs', 7], rows: own },
        e: { on: 'a.b.c', rows: own },
      },
      [
        "policies.a.on: must be a table's name, or a list of them",
        "policies.b.on: must be a table's name, or a list of them",
        'policies.c.on: needs at least one table',
        'policies.d.on[1]: must be text',
        "policies.e.on: must be a table's name, or a schema and a table's name with a dot between",
      ],
    ],
    [
      'names beside names that nobody knows, and beside what is no name, once for all tables of a policy',
      {
        a: {
          on: 'Blgs',
          rows: { all: [{ owner: 'Owner', is: 'nobody' }, { parent: { role: 'x', in: 'nowhere' } }, { parent: 'visible' }] },
        },
        b: { on: 7, rows: { ...permission, permission: 'Permission' } },
        c: {
          on: 'Posts',
          read: { owner: 7, is: 'nobody' },
          write: { owner: 'Owner', is: 'none' },
          insert: { ...own, is: 'level2', of: 1 },
        },
        d: { on: ['Blogs', 'Posts'], rows: { owner: 'Owner', is: 'nobody' } },
      },
      [
        "policies.b.on: must be a table's name, or a list of them",
        'policies.c.read.owner: must be text',
        'policies.c.insert: unknown key "of"; allowed are owner, is',
        "policies.a.on: names no table of 'tables'; did you mean Blogs?",
        "policies.a.rows.all[0].is: names no value of 'context'; there are userId, level, roles",
        "policies.a.rows.all[1].parent.in: names no value of 'context'; there are userId, level, roles",
        "policies.b.rows.permission: names no table of 'tables'; did you mean Permissions?",
        "policies.c.write.is: names no value of 'context'; there are userId, level, roles",
        "policies.c.insert.is: names no value of 'context'; did you mean level?",
        "policies.d.rows.is: names no value of 'context'; there are userId, level, roles",
      ],
    ],
    [
      'tables that are not configured, or are everybody’s',
      { a: { on: 'blog', rows: own }, b: { on: ['Blogs', 'Other', 'Countries'], rows: own }, c: { on: 'constructor', rows: own } },
      [
        "policies.a.on: names no table of 'tables'; did you mean Blogs?",
        "policies.b.on[1]: names no table of 'tables'; there are Blogs, Posts, Permissions, Countries",
        'policies.b.on[2]: names a reference table, whose rows are every tenant’s',
        "policies.c.on: names no table of 'tables'; there are Blogs, Posts, Permissions, Countries",
      ],
    ],
    ['a table twice', { a: { on: ['Blogs', 'Posts', 'Blogs'], rows: own } }, ['policies.a.on[2]: names a table twice']],
    [
      'keys that are none',
      { a: { on: 'Blogs', raed: own, read: own }, b: { on: 'Blogs', rows: { owner: 'Owner', si: 'userId' } } },
      [
        `policies.a: unknown key "raed" (did you mean "read"?); allowed are ${parts}`,
        'policies.b.rows.is: is missing',
        'policies.b.rows: unknown key "si" (did you mean "is"?); allowed are owner, is',
      ],
    ],
    ['nothing to ask', { a: { on: 'Blogs' } }, ['policies.a: says nothing; give rows, or read and write']],
    [
      'rows beside what it is for already',
      { a: { on: 'Blogs', rows: own, read: own, delete: own } },
      ['policies.a.rows: is for every operation; it does not go with read, delete'],
    ],
    [
      'problems of one policy beside those of others with the tables',
      { a: { on: 'Blogs' }, b: { on: 'Blogs', rows: { owner: 'Owner', is: 'userid' } } },
      ['policies.a: says nothing; give rows, or read and write', "policies.b.rows.is: names no value of 'context'; did you mean userId?"],
    ],
  ])('%s', (_, policies, expected) => {
    expect(problems(policies)).toEqual(expected);
  });

  test('a part where there are no values of the context', () => {
    expect(problems({ a: { on: 'Blogs', read: own } }, { context: {} })).toEqual([
      "policies.a.read.is: names no value of 'context'; there is none",
    ]);
  });
});

describe('a predicate is refused with its path and what is allowed:', () => {
  test.each<[what: string, rows: unknown, problems: readonly string[]]>([
    ['text', 'visible', [`rows: ${isPredicate}`]],
    ['a list', [own], [`rows: ${isPredicate}`]],
    ['an object of no form', { column: 'Owner' }, [`rows: ${isPredicate}`]],
    ['a misspelt form', { pernission: 'Permissions' }, [`rows: ${isPredicate}; did you mean permission?`]],
    ['a form that everything has by birth', JSON.parse('{ "constructor": "Owner" }'), [`rows: ${isPredicate}`]],
    [
      'two forms at once',
      { ...own, role: 'admin', in: 'roles' },
      ['rows: unknown key "role", "in" (did you mean "is"?); allowed are owner, is'],
    ],
    ['an owner of other types', { owner: 7, is: null }, ['rows.owner: must be text', 'rows.is: must be text']],
    [
      'names that no column, table or value has',
      {
        all: [
          { owner: '', is: '' },
          { owner: 'a\nb', is: 'userId' },
          { ...lookup, lookup: 'a.b.c', gives: '\ud800' },
        ],
      },
      [
        'rows.all[0].owner: must be a name of 1 to 128 characters',
        "rows.all[0].is: must be the name of a value of 'context'",
        'rows.all[1].owner: must be a name of 1 to 128 characters',
        "rows.all[2].lookup: must be a table's name, or a schema and a table's name with a dot between",
        'rows.all[2].gives: must be a name of 1 to 128 characters',
      ],
    ],
    [
      'a list as the value of an owner',
      { owner: 'Owner', is: 'roles' },
      ['rows.is: names a value of type strings; here it must be of string or int or bigint or uuid'],
    ],
    [
      'permissions with parts left out',
      { permission: 'Permissions', is: 'userId', acces: 'HasAccess' },
      [
        'rows.user: is missing',
        'rows.resource: is missing',
        'rows.of: is missing',
        'rows: unknown key "acces" (did you mean "access"?); allowed are permission, user, is, resource, of, access, few',
      ],
    ],
    [
      'permissions of a table and a value that are not there',
      { ...permission, permission: 'permission', is: 'roles' },
      [
        'rows.is: names a value of type strings; here it must be of string or int or bigint or uuid',
        "rows.permission: names no table of 'tables'; did you mean Permissions?",
      ],
    ],
    ['a lookup with parts left out', { lookup: 'Permissions' }, ['key', 'is', 'gives', 'of'].map((key) => `rows.${key}: is missing`)],
    [
      'a lookup in a table that is not there',
      { ...lookup, lookup: 'x' },
      ["rows.lookup: names no table of 'tables'; there are Blogs, Posts, Permissions, Countries"],
    ],
    [
      'roles that no call could have',
      {
        any: [
          { role: '', in: 'roles' },
          { role: 'a\0b', in: 'roles' },
          { role: '\ud800', in: 'roles' },
          { role: 'admin ', in: 'roles' },
        ],
      },
      [
        'rows.any[0].role: must be the name of a role, a text that a value of a call can be',
        'rows.any[1].role: must be the name of a role, a text that a value of a call can be',
        'rows.any[2].role: must be the name of a role, a text that a value of a call can be',
        'rows.any[3].role: must be the name of a role, a text that a value of a call can be',
      ],
    ],
    [
      'roles in what holds none',
      {
        any: [
          { role: 'admin', in: 'level' },
          { role: 'admin', in: 'rolse' },
        ],
      },
      [
        'rows.any[0].in: names a value of type int; here it must be of string or strings',
        "rows.any[1].in: names no value of 'context'; did you mean roles?",
      ],
    ],
    ['a parent that is none', { parent: 'seen' }, [`rows.parent: must be 'visible', or a predicate, an object with one of ${forms}`]],
    ['a parent of a wrong form', { parent: { owner: 7, is: 'userId' } }, ['rows.parent.owner: must be text']],
    [
      'a parent that has none itself',
      { parent: { parent: 'visible' } },
      ['rows.parent.parent: is for tables with a parent; tables.Blogs names none'],
    ],
    [
      'what is wrong deep down',
      { all: [own, { any: [own, { parent: { all: [own, { owner: 'Owner', is: 'nobody' }] } }] }] },
      ["rows.all[1].any[1].parent.all[1].is: names no value of 'context'; there are userId, level, roles"],
    ],
    [
      'nothing at all of which all or any must hold',
      { any: [{ all: [] }, { any: [] }] },
      ['all', 'any'].map((key, index) => `rows.any[${index}].${key}: needs at least one predicate`),
    ],
    ['no list', { all: own }, ['rows.all: must be a list']],
  ])('%s', (_, rows, expected) => {
    expect(problemsOfRows(rows)).toEqual(expected.map((problem) => `policies.mine.${problem}`));
  });

  test('one that holds itself, and one of more parts in one another than a server takes', () => {
    const itself: { all: unknown[] } = { all: [own] };
    itself.all.push(itself);
    const nested = (depth: number): unknown => (depth === 0 ? own : { any: [nested(depth - 1)] });
    expect(problemsOfRows(itself)).toEqual(['policies.mine.rows: holds predicates in one another, more than 16 deep']);
    expect(problemsOfRows(nested(17))).toEqual(['policies.mine.rows: holds predicates in one another, more than 16 deep']);
    expect(problemsOfRows(nested(16))).toEqual([]);
  });

  test('one that reads a table which another policy hides rows of', () => {
    const hidden = 'is a table that the policy secret hides rows of; what policies read may have policies on writing alone';
    expect(
      problems({ secret: { on: ['Permissions'], read: own }, mine: { on: 'Posts', read: { any: [own, permission] }, write: lookup } }),
    ).toEqual([`policies.mine.read.any[1].permission: ${hidden}`, `policies.mine.write.lookup: ${hidden}`]);
    expect(problems({ secret: { on: 'Permissions', write: own }, mine: { on: 'Posts', rows: permission } })).toEqual([]);
  });
});

test('a policy that reads the rows it is asked of, itself or by what parents are seen by, is refused', () => {
  const rows = (table: string) => ({ ...lookup, lookup: table });
  const noSelf = 'to ask them it would have to be asked itself';
  expect(problems({ mine: { on: 'Posts', write: { any: [own, rows('Posts')] } } })).toEqual([
    `policies.mine.write.any[1].lookup: is the table whose rows are asked; ${noSelf}`,
  ]);
  expect(problems({ mine: { on: 'Posts', write: { parent: rows('Posts') } } })).toEqual([
    `policies.mine.write.parent.lookup: is the table whose rows are asked; ${noSelf}`,
  ]);
  const seen = { on: 'Blogs', read: { all: [own, { any: [rows('Posts')] }] } };
  expect(problems({ seen, mine: { on: 'Posts', insert: { any: [own, { parent: 'visible' }] } } })).toEqual([
    `policies.mine.insert.any[1].parent: is seen by the policy seen, which reads Posts, whose rows are asked; ${noSelf}`,
  ]);
  const words = { Words: { tenant: 'TenantId', parent: { table: 'Posts', columns: { PostId: 'PostId' } } } };
  const byParent = { on: 'Posts', read: { parent: rows('Words') } };
  expect(problems({ byParent, mine: { on: 'Words', insert: { parent: 'visible' } } }, { tables: { ...tables, ...words } })).toEqual([
    `policies.mine.insert.parent: is seen by the policy byParent, which reads Words, whose rows are asked; ${noSelf}`,
  ]);
  expect(problems({ seen: { on: 'Blogs', read: rows('Permissions') }, mine: { on: 'Posts', insert: { parent: 'visible' } } })).toEqual([]);
});

describe('a raw predicate', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-raw-'));
    mkdirSync(join(folder, 'folder'));
    for (const [name, text] of Object.entries({ good: ' "Owner" = \'x\' ;\n', bom: '\ufeff1 = 1', empty: '', semicolon: '\n;\n' }))
      writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'latin1'), Buffer.from([0x27, 0xe9, 0x27]));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[what: string, file: () => unknown, problem: string]>([
    ['that is not there', () => join(folder, 'none'), 'names a file that cannot be read (ENOENT)'],
    ['that is a folder', () => join(folder, 'folder'), 'names a file that cannot be read (EISDIR)'],
    ['with nothing in it', () => join(folder, 'empty'), 'is a file without an expression'],
    ['with a semicolon in it', () => join(folder, 'semicolon'), 'is a file without an expression'],
    ['of another encoding', () => join(folder, 'latin1'), 'names a file that is not in UTF-8'],
    ['of no name', () => '', "must be the path of a file, its file: URL, or { sql: 'the expression' }"],
    [
      'elsewhere',
      () => new URL('https://files.example/raw.sql'),
      "must be the path of a file, its file: URL, or { sql: 'the expression' }",
    ],
    ['that is a number', () => 7, "must be the path of a file, its file: URL, or { sql: 'the expression' }"],
  ])('is refused by the path of a file %s', (_, file, problem) => {
    expect(problemsOfRows({ any: [{ raw: { postgres: file() }, columns: [] }] })).toEqual([
      `policies.mine.rows.any[0].raw.postgres: ${problem}`,
    ]);
  });

  test('is refused without files, for an engine that there is not, and with columns that are none', () => {
    expect(problemsOfRows({ raw: {}, columns: [] })).toEqual(['policies.mine.rows.raw: needs a file for the engine of each shard']);
    expect(problemsOfRows({ raw: { postgers: 'x' }, columns: ['', 7] })).toEqual([
      'policies.mine.rows.raw: unknown key "postgers" (did you mean "postgres"?); allowed are postgres, mssql',
      'policies.mine.rows.columns[0]: must be a name of 1 to 128 characters',
      'policies.mine.rows.columns[1]: must be text',
    ]);
    expect(problemsOfRows({ raw: { postgres: join(folder, 'good') } })).toEqual(['policies.mine.rows.columns: is missing']);
  });

  test('is read from its files, by path or URL, without a mark of their encoding and a semicolon at their end', () => {
    const raw = { raw: { postgres: pathToFileURL(join(folder, 'good')), mssql: join(folder, 'bom') }, columns: ['Owner'] };
    const config = sampleConfig({ tables, context, policies: { mine: { on: 'Posts', rows: raw } } });
    expect(resolveConfig(config, sampleEnvironment).policies['mine']?.rows).toEqual({
      raw: { postgres: `"Owner" = 'x'`, mssql: '1 = 1' },
      columns: ['Owner'],
    });
  });
});

describe('parents of tables are refused', () => {
  const withParent = (parent: unknown, others: object = {}): string[] =>
    problemsOf(
      sampleConfig({ tables: { Blogs: { tenant: 'TenantId' }, Posts: { tenant: 'TenantId', parent }, Countries: 'reference', ...others } }),
    );
  const toPosts = { tenant: 'TenantId', parent: { table: 'Posts', columns: { PostId: 'PostId' } } };
  const circle = 'leads back to the table itself; parents form no circle';

  test.each<[what: string, parent: unknown, problems: readonly string[]]>([
    ['that are text', 'Blogs', ['Posts.parent: must be an object']],
    ['without columns', { table: 'Blogs' }, ['Posts.parent.columns: is missing']],
    [
      'with none',
      { table: 'Blogs', columns: {} },
      ["Posts.parent.columns: needs at least one column: { ColumnHere: 'ColumnOfTheParent' }"],
    ],
    [
      'with columns that are none',
      { table: 'Blogs', columns: { BlogId: 7, '': 'BlogId' } },
      ['Posts.parent.columns.BlogId: must be text', 'Posts.parent.columns.: must be a name of 1 to 128 characters'],
    ],
    [
      'with a misspelt key',
      { tabel: 'Blogs', columns: { BlogId: 'BlogId' } },
      ['Posts.parent.table: is missing', 'Posts.parent: unknown key "tabel" (did you mean "table"?); allowed are table, columns'],
    ],
    [
      'that are not configured',
      { table: 'blogs', columns: { BlogId: 'BlogId' } },
      ["Posts.parent.table: names no table of 'tables'; did you mean Blogs?"],
    ],
    [
      'that are everybody’s',
      { table: 'Countries', columns: { BlogId: 'BlogId' } },
      ['Posts.parent.table: names a reference table, whose rows are every tenant’s'],
    ],
    ['that are the table itself', toPosts.parent, [`Posts.parent.table: ${circle}`]],
  ])('%s', (_, parent, expected) => {
    expect(withParent(parent)).toEqual(expected.map((problem) => `tables.${problem}`));
  });

  test('that form a circle, at each table of it', () => {
    const tags = { table: 'Tags', columns: { TagId: 'TagId' } };
    expect(withParent(tags, { Tags: toPosts, Words: toPosts })).toEqual(
      ['Posts', 'Tags'].map((name) => `tables.${name}.parent.table: ${circle}`),
    );
  });
});

test('names are taken as they are: words of SQL, quotes, brackets, and what objects have by birth', () => {
  const odd = ['select', 'ta"ble', "o'brien", '[col]', 'constructor', 'toString', 'ünï', 'a;b', '--'];
  const some = odd.map((owner) => ({ owner, is: 'constructor' }));
  const config = sampleConfig({
    tables: Object.fromEntries(odd.map((name) => [name, { tenant: name }])),
    context: { constructor: { type: 'string' }, ...context },
    policies: {
      select: { on: odd, rows: { any: [...some, { role: `"o'admin" --`, in: 'roles' }] } },
      constructor: { on: 'toString', rows: own },
    },
  });
  const settings = resolveConfig(config, sampleEnvironment);
  expect(settings.tables.map(({ name }) => name)).toEqual(odd);
  expect(settings.tables.map(({ policies = [] }) => policies.map(({ name }) => name))).toEqual(
    odd.map((name) => (name === 'toString' ? ['constructor', 'select'] : ['select'])),
  );
  expect(settings.tables[0]?.policies?.[0]?.conditions.select).toMatchObject({ kind: 'any' });
});
