import { describe, expect, test } from 'vitest';
import { definePolicyTests, resolveConfig } from '../../../src/config.ts';
import { pathText } from '../../../src/core/problem-list.ts';
import { readPolicyTests } from '../../../src/config/read-policy-tests.ts';
import { sampleConfig, sampleEnvironment } from './sample.ts';

const settings = resolveConfig(
  {
    ...sampleConfig(),
    tables: { Projects: { tenant: 'TenantId' }, 'crm.Notes': { tenant: 'TenantId' }, Countries: 'reference' },
    context: { userId: { type: 'string' }, roles: { type: 'strings' }, level: { type: 'int' } },
  },
  sampleEnvironment,
);

const whole = definePolicyTests({
  tenants: { acme: { Projects: [{ Id: 1, Owner: 'ann' }] }, globex: {} },
  shared: { Countries: [{ Code: 'zz' }] },
  actors: { ann: { tenant: 'acme', context: { userId: 'ann', roles: ['admin'], level: 2 } }, reports: { principal: 'superuser' } },
  cases: [{ name: 'sees hers', as: 'ann', select: 'Projects', expect: { rows: [{ Id: 1 }] } }],
});

/** What a file is refused for, each with its place; none where it is valid. */
function problemsOf(tests: unknown): string[] {
  const read = readPolicyTests(tests, settings, 'own.json');
  return 'problems' in read ? read.problems.map(({ path, message }) => `${pathText(path)}: ${message}`) : [];
}

/** The same of one case in place of the file's. */
function problemsOfCase(tested: object): string[] {
  return problemsOf({ ...whole, cases: [{ name: 'it', as: 'ann', ...tested }] }).map((problem) => problem.replace(/^cases\[0\]\.?/, ''));
}

describe('a file of cases', () => {
  test('is read with every name resolved', () => {
    expect(readPolicyTests(whole, settings, 'own.json')).toMatchObject({
      cases: {
        file: 'own.json',
        tenants: ['acme', 'globex'],
        fixtures: [
          {
            table: { name: 'Projects', tenantColumn: 'TenantId' },
            tenant: 'acme',
            rows: [{ Id: 1, Owner: 'ann' }],
            at: ['tenants', 'acme', 'Projects'],
          },
          { table: { name: 'Countries' }, rows: [{ Code: 'zz' }], at: ['shared', 'Countries'] },
        ],
        cases: [
          {
            name: 'sees hers',
            actorName: 'ann',
            as: { principal: 'app', tenant: 'acme', context: { userId: 'ann', roles: ['admin'], level: 2 } },
            statement: { kind: 'select', where: {} },
            expect: { kind: 'rows', rows: [{ Id: 1 }], ordered: false },
          },
        ],
      },
    });
  });

  test('may have objects for columns of JSON, dates, bytes and long numbers', () => {
    const row = { Id: 1n, Notes: { a: [1] }, Due: new Date(0), Photo: Uint8Array.of(1) };
    const read = readPolicyTests({ ...whole, tenants: { acme: { Projects: [row] } } }, settings, 'own.json');
    expect(read).toMatchObject({ cases: { fixtures: [{ rows: [{ ...row, Notes: '{"a":[1]}' }] }, {}] } });
  });

  test('is refused with everything that is wrong with its form', () => {
    expect(
      problemsOf({
        tenants: { acme: { Projects: [{ Id: Symbol('1') }, 'row'] } },
        actor: {},
        actors: { ann: { principal: 'root' } },
        cases: [
          { name: '', as: 'ann', select: 'Projects', expect: 'allowed' },
          { name: 'b', selct: 'Projects' },
          { name: 'c', select: 'Projects', insert: 'Projects' },
          { name: 'd', as: 'ann', update: 'Projects', set: {}, expect: { changed: -1 } },
          { name: 'e', as: 'ann', sql: ' ;', expect: { rows: [], sorted: true } },
          { name: 'f', as: 'ann', sql: {}, expect: { count: 1 } },
          { name: 'g', insert: 'Projects', values: [] },
        ],
      }),
    ).toEqual([
      'tenants.acme.Projects[0].Id: must be text, a number, true or false, null, a date, bytes, or what JSON has',
      'tenants.acme.Projects[1]: must be an object',
      'actors.ann.principal: must be one of app, superuser, mover, admin',
      'cases[0].name: must be 1 to 200 characters in one line',
      "cases[0].expect: must be { rows: [...] }, { count: 2 } or 'denied'",
      'cases[1]: must be a case, an object with one of select, insert, upsert, update, delete, sql; did you mean select?',
      'cases[2]: must be a case, an object with one of select, insert, upsert, update, delete, sql; it has select and insert',
      'cases[3].set: needs at least one column',
      'cases[3].expect.changed: must be at least 0',
      'cases[4].sql: must be a statement',
      'cases[4].expect: unknown key "sorted"; allowed are rows, ordered',
      'cases[5].sql: needs the statement of one engine at least',
      'cases[6].as: is missing',
      'cases[6].values: needs at least one row',
      "cases[6].expect: is missing: what must come of it is 'allowed' or 'denied'",
      ': unknown key "actor" (did you mean "actors"?); allowed are tenants, shared, actors, cases',
    ]);
  });

  test.each([
    [{}, 'tenants: needs a tenant: { acme: { Table: [{ Column: value }] } }'],
    [{ a: {}, b: {}, c: {} }, 'tenants: has more than two tenants, the one who acts and another one'],
    [{ 'a b': {} }, 'tenants.a b: must be a name of 1 to 40 letters, digits, _ and -, a letter first'],
  ])('is refused with the tenants %j', (tenants, problem) => {
    expect(problemsOf({ ...whole, tenants })).toContain(problem);
  });

  test('is refused with everything that it names and the configuration has not', () => {
    expect(
      problemsOf({
        tenants: {
          acme: { Project: [{ Id: 1 }], Projects: [{ Id: 1, TenantId: 'acme' }], Countries: [] },
          globex: {},
        },
        shared: { Projects: [] },
        actors: {
          ann: { tenant: 'acne', context: { userid: 'ann', level: 'high' } },
          nobody: {},
          reports: { principal: 'superuser', tenant: 'acme', context: { userId: 'ann' } },
        },
        cases: [
          { name: 'a', as: 'anna', select: 'Projects', where: { TenantId: 'other' }, expect: { rows: [{ TenantId: 1 }, { Id: 1 }, {}] } },
          { name: 'a', as: { tenant: 'globex', role: 'x' }, select: 'Countries', expect: { count: 0 } },
          { name: 'b', as: 'nobody', insert: 'crm.Note', values: { Id: 1 }, expect: 'denied' },
        ],
      }),
    ).toEqual([
      "tenants.acme.Project: names no table of the configuration's 'tables'; did you mean Projects?",
      "tenants.acme.Projects[0].TenantId: is left out: the row is acme's",
      "tenants.acme.Countries: is a reference table, whose rows are every tenant's; they stand in 'shared'",
      "shared.Projects: is a table with tenants; its rows stand in 'tenants', below the name of whose they are",
      'actors.ann.tenant: names no tenant of the file; did you mean acme?',
      "actors.ann.context.userid: names no value of the configuration's 'context'; did you mean userId?",
      'actors.ann.context.level: is no value of type int',
      'actors.nobody.tenant: is missing; there are acme, globex',
      'actors.reports.tenant: is for app; superuser sees the rows of every tenant',
      'actors.reports.context: is for app; superuser brings none',
      "cases[0].as: names none of 'actors'; did you mean ann?",
      'cases[0].where.TenantId: names no tenant of the file; there are acme, globex',
      'cases[0].expect.rows[0].TenantId: names no tenant of the file; there are acme, globex',
      'cases[0].expect.rows[1]: names other columns than the first row, which has TenantId; all name the same',
      'cases[0].expect.rows[2]: names no column',
      'cases[1].as: unknown key "role"; allowed are principal, tenant, context',
      "cases[1].select: names a reference table of which 'shared' has no row; a case is about the rows of its file",
      "cases[2].insert: names no table of the configuration's 'tables'; did you mean crm.Notes?",
      'cases[1].name: is the name of cases[0], too; a name stands once in a file',
    ]);
  });

  test('is refused with both at once, in one case as well', () => {
    expect(
      problemsOf({
        tenants: { acme: { Project: [{ Id: Symbol('1') }], Projects: [{ TenantId: 'acme', Id: Symbol('1') }] }, globex: 7 },
        shared: 'Countries',
        actors: { ann: { tenant: 'acne', context: { level: 'high' } }, bob: { principal: 'root', tenant: 'nobody' } },
        cases: [
          { name: 'a', as: 'anna', select: 'Project', where: { TenantId: 'other' }, expect: 'allowed' },
          {
            name: 'a',
            as: 'bob',
            insert: 'Projects',
            vaules: {},
            values: [{ Id: Symbol('1') }, { TenantId: 'other' }],
            expect: { rows: [] },
          },
          { name: '', as: { tenant: 'acne' }, select: 'Countries', where: 1, expect: { rows: [{ Code: 'zz' }, 7, {}] } },
        ],
      }),
    ).toEqual([
      'tenants.acme.Project[0].Id: must be text, a number, true or false, null, a date, bytes, or what JSON has',
      'tenants.acme.Projects[0].Id: must be text, a number, true or false, null, a date, bytes, or what JSON has',
      'tenants.globex: must be an object',
      'shared: must be an object',
      'actors.bob.principal: must be one of app, superuser, mover, admin',
      "cases[0].expect: must be { rows: [...] }, { count: 2 } or 'denied'",
      'cases[1].values[0].Id: must be text, a number, true or false, null, a date, bytes, or what JSON has',
      "cases[1].expect: must be 'allowed' or 'denied'",
      'cases[1]: unknown key "vaules" (did you mean "values"?); allowed are name, as, insert, values, expect',
      'cases[2].name: must be 1 to 200 characters in one line',
      'cases[2].where: must be an object',
      'cases[2].expect.rows[1]: must be an object',
      "tenants.acme.Project: names no table of the configuration's 'tables'; did you mean Projects?",
      "tenants.acme.Projects[0].TenantId: is left out: the row is acme's",
      'actors.ann.tenant: names no tenant of the file; did you mean acme?',
      'actors.ann.context.level: is no value of type int',
      "cases[0].as: names none of 'actors'; did you mean ann?",
      "cases[0].select: names no table of the configuration's 'tables'; did you mean Projects?",
      'cases[1].values[1].TenantId: names no tenant of the file; there are acme, globex',
      'cases[2].as.tenant: names no tenant of the file; did you mean acme?',
      'cases[2].expect.rows[2]: names no column',
      'cases[1].name: is the name of cases[0], too; a name stands once in a file',
    ]);
  });

  test('is refused with its place whatever stands there instead of what may', () => {
    const places = (given: unknown, path: string[] = []): string[][] =>
      typeof given === 'object' && given !== null
        ? [path, ...Object.entries(given).flatMap(([key, value]) => places(value, [...path, key]))]
        : [path];
    const withAt = (given: unknown, [step, ...rest]: string[], value: unknown): unknown => {
      if (step === undefined) return value;
      const parts = given as Record<string, unknown>;
      const changed = withAt(parts[step], rest, value);
      return Array.isArray(given) ? given.map((part, index) => (String(index) === step ? changed : part)) : { ...parts, [step]: changed };
    };
    const full = {
      ...whole,
      cases: [
        ...whole.cases,
        { name: 'b', as: { tenant: 'acme' }, insert: 'Projects', values: [{ Id: 1 }], expect: 'denied' },
        { name: 'c', as: 'reports', update: 'Projects', set: { Id: 1 }, where: { TenantId: 'acme' }, expect: { changed: 1 } },
      ],
    };
    expect(problemsOf(full)).toEqual([]);
    for (const path of places(full)) {
      const found = [Symbol('x'), null, undefined, 7, [], [null]].flatMap((value) => problemsOf(withAt(full, path, value)));
      expect({ path, found: found.length > 0 }).toEqual({ path, found: true });
    }
  });

  test('is refused with a key that no object can have', () => {
    expect(problemsOf(JSON.parse(JSON.stringify(whole).replace('"Id":1', '"__proto__":1')))).toEqual([
      'tenants.acme.Projects[0].__proto__: is a name that nothing can have',
    ]);
  });

  test.each([
    ['select', { select: 'Projects' }, ['allowed', { changed: 1 }]],
    ['insert', { insert: 'Projects', values: { Id: 1 } }, [{ changed: 1 }, { rows: [] }]],
    ['upsert', { upsert: 'Projects', values: { Id: 1 } }, [{ count: 1 }]],
    ['update', { update: 'Projects', set: { Id: 1 } }, [{ rows: [] }, { count: 1 }]],
    ['delete', { delete: 'Projects' }, [{ rows: [] }, { count: 1 }]],
    ['sql', { sql: 'select 1' }, ['allowed']],
  ])('has only expectations that %s can meet', (_, tested, expectations) => {
    for (const expectation of expectations) expect(problemsOfCase({ ...tested, expect: expectation })[0]).toMatch(/^expect: must be /);
    expect(problemsOfCase({ ...tested, expect: 'denied' })).toEqual([]);
  });
});
