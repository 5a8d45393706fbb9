import { beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { mayStand } from '../../support/grounds/words.ts';
import { file, usePolicyTests } from './ground.ts';

const ground = usePolicyTests();
const ofAnn = { Id: 1, Owner: 'ann' };

describe('a case that comes out as expected', () => {
  const tested: readonly (readonly [string, object])[] = [
    ['rows', { as: 'ann', select: 'Projects', expect: { rows: [{ TenantId: 'acme', ...ofAnn }] } }],
    ['rows in any order', { as: 'reader', select: 'Projects', expect: { rows: [{ Id: 2 }, { Id: 1 }] } }],
    ['no rows', { as: 'ann', select: 'Projects', where: { Owner: 'bob' }, expect: { rows: [] } }],
    [
      'values in other words of their types',
      { as: 'ann', select: 'Projects', expect: { rows: [{ Budget: '12.500', Notes: { b: [2], a: 1 }, Due: '2026-01-01T00:00:00Z' }] } },
    ],
    ['null', { as: 'reader', select: 'Projects', where: { Budget: null }, expect: { rows: [{ Id: 2, Budget: null }] } }],
    ['a count', { as: 'reader', select: 'Projects', expect: { count: 2 } }],
    ['rows of everybody', { as: 'ann', select: 'Countries', expect: { rows: [{ Code: 'zz' }] } }],
    [
      'rows of every tenant',
      { as: 'reports', select: 'Projects', where: { Id: 1 }, expect: { rows: [{ TenantId: 'acme' }, { TenantId: 'globex' }] } },
    ],
    ['an insert', { as: 'ann', insert: 'Projects', values: { Owner: 'ann' }, expect: 'allowed' }],
    ['several inserts', { as: 'ann', insert: 'Projects', values: [{ Owner: 'ann' }, { Owner: 'ann' }], expect: 'allowed' }],
    ['an insert that is denied', { as: 'ann', insert: 'Projects', values: { Owner: 'bob' }, expect: 'denied' }],
    ['an insert for another tenant', { as: 'ann', insert: 'Projects', values: { TenantId: 'globex', Owner: 'ann' }, expect: 'denied' }],
    ['an insert that refers to what is made up for it', { as: 'ann', insert: 'Tasks', values: { Title: 'one' }, expect: 'allowed' }],
    ['an upsert of a new row', { as: 'ann', upsert: 'Projects', values: { Id: 5, Owner: 'ann' }, expect: 'allowed' }],
    ['an upsert of a row that is there', { as: 'ann', upsert: 'Projects', values: { Id: 1, Budget: 1, Owner: 'ann' }, expect: 'allowed' }],
    ['an upsert that takes a row away', { as: 'ann', upsert: 'Projects', values: { Id: 2, Owner: 'ann' }, expect: 'denied' }],
    ['an update', { as: 'ann', update: 'Projects', set: { Budget: 3 }, where: { Id: 1 }, expect: 'allowed' }],
    ['an update that passes over others', { as: 'ann', update: 'Projects', set: { Budget: 3 }, expect: { changed: 1 } }],
    ['an update that is refused', { as: 'ann', update: 'Projects', set: { Owner: 'bob' }, expect: 'denied' }],
    ['an update of what is only seen', { as: 'reader', update: 'Projects', set: { Budget: 3 }, expect: 'denied' }],
    ['a delete', { as: 'ann', delete: 'Projects', where: ofAnn, expect: 'allowed' }],
    ['a delete that finds nothing', { as: 'ann', delete: 'Projects', where: { TenantId: 'globex' }, expect: 'denied' }],
    ['a change without the right', { as: 'reports', delete: 'Projects', expect: 'denied' }],
    ['a change of admin’s', { as: 'owner', delete: 'Projects', expect: { changed: 3 } }],
    ['a change of mover’s', { as: 'mover', insert: 'Projects', values: { TenantId: 'globex' }, expect: 'allowed' }],
    ['somebody of the case alone', { as: { tenant: 'globex', context: { userId: 'ann' } }, select: 'Projects', expect: { count: 1 } }],
    [
      'rows of its own words',
      { as: 'ann', sql: `select "Id", count(*) over () as n from "Projects";`, expect: { rows: [{ Id: 1, n: 1 }] } },
    ],
    [
      'rows in their order',
      { as: 'reader', sql: 'select "Id" from "Projects" order by "Id" desc', expect: { rows: [{ Id: 2 }, { Id: 1 }], ordered: true } },
    ],
    ['a count of its own words', { as: 'reader', sql: 'select * from "Projects"', expect: { count: 2 } }],
    ['a change in its own words', { as: 'ann', sql: 'delete from "Projects"', expect: { changed: 1 } }],
    ['a right that its own words lack', { as: 'ann', sql: 'truncate "Projects"', expect: 'denied' }],
  ];
  let failures: ReadonlyMap<string, unknown>;
  beforeAll(async () => {
    failures = await ground.failuresOf(tested);
  });

  it.each(tested)('passes: %s', (name) => {
    expect(failures.get(name)).toBeUndefined();
  });
});

describe('a case that comes out otherwise', () => {
  const nothing = 'No row of the file meets the condition, so that the case could not fail.';
  const tested: readonly (readonly [object, unknown])[] = [
    [
      { as: 'reader', select: 'Projects', expect: { rows: [{ ...ofAnn }, { Id: 3, Owner: 'eve' }] } },
      {
        message: 'The rows are others: 1 expected row missing, 1 row too many.',
        expected: [ofAnn, { Id: 3, Owner: 'eve' }],
        actual: [ofAnn, { Id: 2, Owner: 'bob' }],
      },
    ],
    [
      { as: 'ann', select: 'Projects', expect: { rows: [{ Id: 1 }, { Id: 1 }] } },
      { message: 'The rows are others: 1 expected row missing.', expected: [{ Id: 1 }, { Id: 1 }], actual: [{ Id: 1 }] },
    ],
    [
      { as: 'ann', select: 'Projects', expect: { rows: [{ TenantId: 'globex' }] } },
      {
        message: 'The rows are others: 1 expected row missing, 1 row too many.',
        expected: [{ TenantId: 'globex' }],
        actual: [{ TenantId: 'acme' }],
      },
    ],
    [
      { as: 'ann', select: 'Projects', expect: { rows: [] } },
      { message: 'It should give 0 rows, and gives 1.', actual: [{ TenantId: 'acme', Id: 1 }] },
    ],
    [
      { as: 'reader', select: 'Projects', expect: { count: 1 } },
      {
        message: 'It should give 1 row, and gives 2.',
        actual: [
          { TenantId: 'acme', Id: 1 },
          { TenantId: 'acme', Id: 2 },
        ],
      },
    ],
    [{ as: 'ann', select: 'Projects', where: { Id: 7 }, expect: { count: 0 } }, { message: nothing }],
    [{ as: 'ann', select: 'Projects', expect: 'denied' }, { message: 'It should be denied, and gives 1 row.' }],
    [
      { as: 'ann', insert: 'Projects', values: { Owner: 'bob' }, expect: 'allowed' },
      { message: 'It should be allowed, and was refused: SQLSTATE 42501.' },
    ],
    [
      { as: 'ann', insert: 'Projects', values: { Owner: 'ann' }, expect: 'denied' },
      { message: 'It should be denied, and 1 row was changed.' },
    ],
    [
      { as: 'ann', insert: 'Projects', values: [{ Owner: 'ann' }, { Owner: 'bob' }], expect: 'allowed' },
      { message: 'values[1]: It should be allowed, and was refused: SQLSTATE 42501.' },
    ],
    [
      { as: 'ann', insert: 'Projects', values: { Id: 1, Owner: 'ann' }, expect: 'denied' },
      {
        message: 'It failed for another reason than a missing right: SQLSTATE 23505, table Projects, constraint Projects_pkey (CONFLICT).',
      },
    ],
    [
      { as: 'ann', upsert: 'Projects', values: { Id: 1, Owner: 'ann' }, expect: 'denied' },
      { message: 'It should be denied, and 1 row was changed.' },
    ],
    [
      { as: 'reader', update: 'Projects', set: { Budget: 1 }, expect: 'allowed' },
      { message: 'It should be allowed, and 0 rows were changed.' },
    ],
    [{ as: 'ann', update: 'Projects', set: { Budget: 1 }, expect: 'allowed' }, { message: 'It should be allowed, and 1 row was changed.' }],
    [{ as: 'ann', update: 'Projects', set: { Budget: 1 }, expect: 'denied' }, { message: 'It should be denied, and 1 row was changed.' }],
    [{ as: 'ann', delete: 'Projects', expect: { changed: 2 } }, { message: 'It should change 2 rows, and 1 row was changed.' }],
    [{ as: 'ann', delete: 'Projects', where: { Owner: 'bobby' }, expect: 'denied' }, { message: nothing }],
    [
      { as: 'reports', delete: 'Projects', expect: { changed: 1 } },
      { message: 'It should change 1 row, and was refused: SQLSTATE 42501.' },
    ],
    [
      { as: 'reader', sql: 'select "Id" from "Projects" order by "Id"', expect: { rows: [{ Id: 2 }, { Id: 1 }], ordered: true } },
      { message: 'The rows come in another order.', expected: [{ Id: 2 }, { Id: 1 }], actual: [{ Id: 1 }, { Id: 2 }] },
    ],
    [{ as: 'ann', sql: 'delete from "Projects"', expect: { changed: 2 } }, { message: 'It should change 2 rows, and 1 row was changed.' }],
    [{ as: 'ann', sql: 'select * from "Projects"', expect: 'denied' }, { message: 'It should be denied, and gives or changes 1 row.' }],
    [{ as: 'ann', sql: 'truncate "Projects"', expect: { count: 0 } }, { message: 'It should give rows, and was refused: SQLSTATE 42501.' }],
    [
      { as: 'ann', sql: 'selct', expect: { count: 0 } },
      { message: 'It failed for another reason than a missing right: SQLSTATE 42601, at character 1 (STATEMENT_FAILED).' },
    ],
    [{ as: 'ann', sql: { mssql: 'SELECT 1' }, expect: { count: 1 } }, 'it has no statement for postgres'],
  ];
  let failures: ReadonlyMap<string, unknown>;
  beforeAll(async () => {
    failures = await ground.failuresOf(tested.map(([each], index) => [`number ${index}`, each] as const));
  });

  it.each(tested.map(([each, failure], index) => [each, `number ${index}`, failure] as const))('fails: %j', (_, name, failure) => {
    expect(failures.get(name)).toEqual(failure);
  });

  it('is shown no row that is not the file’s', async () => {
    const failure = await ground.failureOf({
      as: 'reports',
      sql: 'select "Id", "Code" from "Projects"',
      expect: { rows: [{ Id: 1, Code: 'x' }] },
    });
    expect(failure).toEqual({
      message: 'The rows are others: 1 expected row missing, 5 rows too many.',
      expected: [{ Id: 1, Code: 'x' }],
      actual: [],
    });
    expect(await ground.failureOf({ as: 'reports', sql: 'select "Code" from "Projects"', expect: { count: 0 } })).toEqual({
      message: 'It should give 0 rows, and gives 5.',
    });
  });
});

describe('a run', () => {
  const cases = [
    { name: 'Ann sees hers #1', as: 'ann', select: 'Projects', expect: { rows: [{ Id: 1 }] } },
    { name: 'and not Bob’s', as: 'ann', select: 'Projects', expect: { rows: [{ Id: 2 }] } },
    { name: 'elsewhere', as: 'ann', sql: { mssql: 'SELECT 1' }, expect: { count: 1 } },
  ];

  it('says in TAP what became of each file’s cases, and ends with 2 where one failed', async () => {
    await ground.write('other.json', { ...file, cases: cases.slice(0, 1) });
    await ground.write('own.json', { ...file, cases });
    const { code, out, err } = await ground.world.run('policy test own.json other.json --shard a');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(out).toBe(`TAP version 14
# Subtest: own.json
    ok 1 - Ann sees hers \\#1
    not ok 2 - and not Bob’s
      ---
      message: "The rows are others: 1 expected row missing, 1 row too many."
      as: "ann"
      at: "cases[1]"
      expected:
        - {"Id":2}
      actual:
        - {"Id":1}
      ...
    ok 3 - elsewhere # SKIP it has no statement for postgres
    1..3
not ok 1 - own.json
# Subtest: other.json
    ok 1 - Ann sees hers \\#1
    1..1
ok 2 - other.json
1..2
# 4 cases: 2 passed, 1 failed, 1 skipped
`);
  });

  it('tells callers who have no name by their tenant or login, and by what they bring', async () => {
    const callers = [{ tenant: 'acme' }, { tenant: 'acme', context: { userId: 'ann' } }, { principal: 'superuser' }];
    const { out } = await ground.run(
      { ...file, cases: callers.map((as, index) => ({ name: `${index}`, as, select: 'Countries', expect: { count: 2 } })) },
      '',
    );
    expect(Array.from(out.matchAll(/^ *as: (.*)$/gm), ([, as]) => JSON.parse(as!) as string)).toEqual([
      'acme',
      'acme {"userId":"ann"}',
      'superuser',
    ]);
  });

  it('ends with 0 where all passed, and runs the cases that --only names', async () => {
    const { code, out } = await ground.run({ ...file, cases }, '--only ANN');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/\n {4}1\.\.1\nok 1 - own\.json\n1\.\.1\n# 1 case: 1 passed, 0 failed, 0 skipped\n$/) as string,
    });
    expect(await ground.run({ ...file, cases }, '--only nothing')).toMatchObject({
      code: 1,
      err: expect.stringContaining('No case has the text of --only') as string,
    });
  });

  it('finds files of cases by itself', async () => {
    await ground.write('policies/own.cases.ts', `export default ${JSON.stringify({ ...file, cases: cases.slice(0, 1) })};`);
    const { code, out, err } = await ground.world.run('policy test --shard a');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('ok 1 - policies/own.cases.ts\n');
  });

  it('leaves nothing behind, and waits for nobody’s rows', async () => {
    const contents = `select (select json_agg(p order by p."TenantId", p."Id") from "Projects" p) as "projects", (select json_agg(c) from "Countries" c) as "countries",
      (select count(*)::int from tenantry.local_mapping) as "mappings", (select coalesce(last_value, 0)::int from pg_sequences where sequencename = 'Tasks_Id_seq') as "drawn"`;
    const before = (await ground.shard.query(sqlText(contents))).rows;
    const changes = [
      { name: 'a', as: 'owner', delete: 'Projects', expect: { changed: 3 } },
      { name: 'b', as: 'ann', insert: 'Tasks', values: { Title: 'x' }, expect: 'allowed' },
      { name: 'c', as: 'owner', delete: 'Countries', expect: { changed: 1 } },
    ];
    await ground.shard.transaction(async (session) => {
      await session.query(mayStand);
      await session.query(sqlText('select from "Projects" for update'));
      expect(await ground.run({ ...file, cases: changes })).toMatchObject({ code: 0 });
    });
    expect((await ground.shard.query(sqlText(contents))).rows).toEqual(before);
  });
});

describe('files that do not fit', () => {
  const refused = async (tests: object): Promise<string> => {
    const { code, out, err } = await ground.run({ ...file, ...tests });
    expect(code).toBe(1);
    expect(out.replace(/^Bail out! .*\n/m, '')).toMatch(/^(TAP version 14\n)?$/);
    return err;
  };

  it('are refused with every column, key and value that the database has not', async () => {
    const err = await refused({
      tenants: { acme: { Projects: [{ Ident: 1, Budget: 'much' }] } },
      shared: { Countries: [{ Name: 'Nowhere' }] },
      actors: { ann: { tenant: 'acme' } },
      cases: [
        { name: 'a', as: 'ann', select: 'Projects', where: { Ownr: 'ann' }, expect: { rows: [{ Due: 'some day' }] } },
        { name: 'b', as: 'ann', update: 'Projects', set: { Nothing: 1 }, expect: 'denied' },
        { name: 'c', as: 'ann', upsert: 'Projects', values: { Owner: 'ann' }, expect: 'denied' },
      ],
    });
    expect(err).toBe(`error: own.json has 7 problems (INVALID_REQUEST):
  tenants.acme.Projects[0].Ident: names no column of Projects; it has TenantId, Id, Owner, Budget, Notes, Due, Code
  shared.Countries[0]: needs Code, by which it is told from the rows that are there
  cases[0].where.Ownr: names no column of Projects; did you mean Owner?
  cases[1].set.Nothing: names no column of Projects; it has TenantId, Id, Owner, Budget, Notes, Due, Code
  cases[2].values: needs Id, by which the row is found that it may change
  tenants.acme.Projects[0].Budget: is no value of type numeric(10,2)
  cases[0].expect.rows[0].Due: is no value of type timestamp with time zone
`);
  });

  it('are refused with every statement of their own words that might stay, before any is run', async () => {
    const err = await refused({
      cases: [
        { name: 'a', as: 'owner', sql: { mssql: 'select 1 commit', postgres: 'delete from "Countries"' }, expect: { changed: 2 } },
        { name: 'b', as: 'owner', sql: 'delete from "Countries"; commit', expect: { changed: 1 } },
        { name: 'c', as: 'ann', sql: { postgres: '/* x */ Release savepoint tenantry_attempt' }, expect: 'denied' },
      ],
    });
    expect(err).toBe(`error: own.json has 2 problems (INVALID_REQUEST):
  cases[1].sql: must be one statement that is undone whole, and has for postgres: a semicolon; take it out of the case
  cases[2].sql: must be one statement that is undone whole, and has for postgres: a statement of transactions; take it out of the case
`);
    const { rows } = await ground.shard.query(sqlText('select count(*)::int as n from "Countries"'));
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('are refused all at once, whatever is wrong with each', async () => {
    await ground.write('own.json', { ...file, cases: [] });
    await ground.write('bad.json', '{');
    const { code, out, err } = await ground.world.run('policy test own.json bad.json none.ts --shard a');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('own.json has 1 problem (INVALID_REQUEST):\n  cases: needs at least one case\nbad.json is not JSON');
    expect(err).toContain('There is no file none.ts.');
  });

  it('are refused where a row cannot be inserted, with its place', async () => {
    const twice = {
      tenants: { acme: { Projects: [{ Id: 1 }, { Id: 1 }] } },
      actors: { ann: { tenant: 'acme' } },
      cases: [{ name: 'a', as: 'ann', select: 'Projects', expect: { count: 0 } }],
    };
    expect(await refused(twice)).toContain('own.json: tenants.acme.Projects[1] cannot be inserted: SQLSTATE 23505');
  });

  it.each([
    ['', 'Say either --shard, the name of a shard, or --scratch'],
    ['--shard a --scratch URL', 'Say either --shard'],
    ['--scratch URL', '--scratch needs --schema'],
    ['--shard a --schema schema.sql', '--schema is for --scratch'],
    ['--scratch NOT_SET --schema schema.sql', '--scratch names the variable NOT_SET, which is not set'],
    ['--shard nope', 'The map has no shard nope'],
  ])('and so is the place %j', async (options, message) => {
    await ground.write('own.json', { ...file, cases: [{ name: 'a', as: 'ann', select: 'Projects', expect: { count: 1 } }] });
    const { code, err } = await ground.world.run(`policy test own.json ${options}`.trimEnd());
    expect(code).toBe(1);
    expect(err).toContain(message);
  });
});
