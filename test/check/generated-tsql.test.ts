import { readFileSync } from 'node:fs';
import { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { proceduresSchema } from '../../src/config/procedures-schema.ts';
import { columnKinds, type ColumnKind } from '../../src/core/column-kind.ts';
import { keyTypes } from '../../src/core/key-type.ts';
import { compileSql, type CompiledSql } from '../../src/core/compile-sql.ts';
import type { Predicate, RowPolicy } from '../../src/core/predicate.ts';
import { sql, type Sql, type SqlValue } from '../../src/core/sql.ts';
import type { Isolation } from '../../src/engine/engine.ts';
import { mssqlDialect } from '../../src/engine/mssql/mssql-dialect.ts';
import { QueryLibrary } from '../../src/engine/mssql/query-library.ts';
import { mssqlPolicyRenderer } from '../../src/engine/mssql/policy-renderer.ts';
import { mssqlPurgeStatements } from '../../src/engine/mssql/purge-statements.ts';
import { attempted, attemptedAll } from '../../src/engine/mssql/rehearsal.ts';
import { mssqlSamples } from '../../src/engine/mssql/sample-words.ts';
import { mssqlScratch } from '../../src/engine/mssql/scratch.ts';
import { CaseStatements } from '../../src/policy/cases/case-statements.ts';
import { typed } from '../../src/policy/cases/converted-values.ts';
import { rowFunction, slotPredicates } from '../../src/engine/mssql/row-function.ts';
import { createMssqlProvisioner } from '../../src/engine/mssql/provisioner.ts';
import {
  beginBatch,
  endBatches,
  ownBatch,
  ownBegin,
  ownSession,
  resetBatch,
  routedBatch,
  sessionBatch,
  streamBatch,
} from '../../src/engine/mssql/routed-batch.ts';
import { callersParameters, entryParameters, statementHead, statementParameters } from '../../src/engine/mssql/routed-parameters.ts';
import type { PolicyTable } from '../../src/engine/policy-renderer.ts';
import { qualifiedProcedures } from '../../src/engine/qualified-procedures.ts';
import { callStatement } from '../../src/http/procedures/procedure-statements.ts';
import { servedProcedure } from '../../src/http/procedures/served-procedure.ts';
import { buildTable } from '../../src/http/tables/table.ts';
import { tableStatements } from '../../src/http/tables/table-statements.ts';
import { forbiddenStatements, harmlessResidues, sessionResidues } from '../support/session-residues.ts';
import { textOf, transactionAttacks } from '../support/transaction-attacks.ts';
import { catalogue } from '../integration/mssql/attacks/catalogue.ts';
import { defences } from '../integration/mssql/defences.ts';
import type { Attack } from '../integration/mssql/support/attempts.ts';
import { entryUnder, locksOf, neverEscalated, sessionNumber, waits } from '../integration/mssql/support/fence-statements.ts';
import { beforehand, changes, harmless, newTables, unseenChanges } from '../integration/mssql/support/changes-of-protection.ts';
import { changeTracking } from '../integration/mssql/support/change-tracking.ts';
import { brings } from '../integration/mssql/support/context-values.ts';
import { exposures } from '../integration/mssql/support/exposures.ts';
import { laboratory } from '../integration/mssql/support/laboratory.ts';
import { servedBlogs } from '../integration/mssql/support/data-api.ts';
import { apiTables, auditing } from '../integration/mssql/support/tables-of-the-data-api.ts';
import { explained, manyRows } from '../integration/mssql/support/plans.ts';
import { statementsOf } from '../integration/mssql/support/recorded-world.ts';
import { sharedDatabase } from '../integration/mssql/support/shared-database.ts';
import { databaseOptions, parallelPlans, serialPlans, unwatched } from '../support/mssql-shard.ts';
import { catalogExamples, keyExamples, localExamples, serverExamples } from '../support/by-hand-examples.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { policyTables, predicateKinds, samples } from '../support/policies/mssql-predicates.ts';
import { mssqlEnd } from '../support/policies/rendered.ts';
import { compileGenerated, type GeneratedTsql } from '../support/generated-tsql.ts';
import { entryOf } from '../support/scripted-shard.ts';
import { emptyDatabase } from '../support/empty-database.ts';

const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable'];
const logins = {
  app: { user: 'shop_app', password: "p'w" },
  superuser: { user: 'shop_reports', password: 'x' },
  mover: { user: 'shop_mover', password: 'x' },
  admin: { user: 'shop@admin', password: 'x' },
};

describeNeeding('mono', 'T-SQL that the program makes while it runs', () => {
  test("compiles, every statement of it, with Microsoft's compiler", { timeout: 600_000 }, async () => {
    const texts = [
      ...tenantStatements(),
      ...ownTexts(),
      ...policyTexts(),
      ...rowPolicyTexts(),
      ...renderedTexts(),
      ...provisioningTexts(),
      ...caseTexts(),
      ...procedureTexts(),
    ];
    expect(new Set(texts.map(({ name }) => name)).size).toBe(texts.length);
    const { passed, text } = await compileGenerated(texts);
    expect(passed, text).toBe(true);
  });

  test('compiles where the suites for a real server try it', { timeout: 600_000 }, async () => {
    const broken = { name: 'tried and broken', text: 'SELECT FROM' };
    const { text } = await compileGenerated([...triedTexts(), ...(await attackTexts()), broken]);
    // Names of the server's that nothing but these suites uses stand in no list.
    const slips = text.split('\n').filter((line) => line.includes('/tried ') && !line.includes('in the list'));
    const unresolved = slips.map((line) => /(?:unresolved reference to object|reference to the column) (\S+\])/.exec(line)?.[1]);
    expect(slips.filter((_, index) => unresolved[index] === undefined)).toEqual([expect.stringContaining(broken.name)]);
    expect([...new Set(unresolved.filter((name) => name !== undefined && !besideTheShard.test(name)))]).toEqual([]);
  });

  test('compiles where suites for every engine change catalogs and local maps by hand', { timeout: 600_000 }, async () => {
    const examplesOf = (examples: Readonly<Record<string, Sql>>, of = ''): GeneratedTsql[] =>
      Object.entries(examples).map(([name, made]) => callersStatement(`${of}${name}`, compileSql(made, mssqlDialect)));
    const servers = serverExamples.map((made, index) => ({ name: `server ${index}`, text: compileSql(made, mssqlDialect).text }));
    const wrong = callersStatement('wrong', compileSql(sql`select nothing from tenantry.mapping`, mssqlDialect));
    const reports = await Promise.all([
      compileGenerated([...examplesOf(localExamples), ...examplesOf(keyExamples, 'key '), ...servers]),
      compileGenerated([...examplesOf(catalogExamples), wrong], 'catalog'),
    ]);
    // Names of the server's that nothing but these suites uses stand in no list.
    const slips = reports.flatMap(({ text }) => text.split('\n').filter((line) => line.includes('.sql') && !line.includes('in the list')));
    expect(slips).toEqual([expect.stringMatching(/wrong\.sql.*nothing/)]);
  });

  test('is seen to be wrong where a name of it is', { timeout: 600_000 }, async () => {
    const wrong = compileSql(sql`select ${sql.id('NoSuchColumn')} from ${sql.id('dbo', 'Blogs')}`, mssqlDialect);
    const { passed, text } = await compileGenerated([callersStatement('wrong', wrong)]);
    expect(passed).toBe(false);
    expect(text).toContain('NoSuchColumn');
  });
});

/** A caller's statement, as the scope of its own that it runs in: the message around it has it as a value. */
function callersStatement(name: string, { text, values }: CompiledSql): GeneratedTsql {
  return { name, text: `${statementHead}${text}`, parameters: callersParameters(values) };
}

const entryForms = [
  ['bare', undefined],
  ['withValues', '{"userId":"u1"}'],
] as const;

function tenantStatements(): GeneratedTsql[] {
  return [
    ...Object.entries(crud()).map(([name, made]) => callersStatement(name, compileSql(made, mssqlDialect))),
    ...Object.entries(built()).map(([name, compiled]) => callersStatement(name, compiled)),
    ...messages('without parameters', []),
    ...messages('with parameters of every type', [1, 2 ** 40, 1.5, true, null, 'x', 'x'.repeat(5000), Uint8Array.of(1), new Date(0)]),
    ...isolations.flatMap((isolation) =>
      entryForms.map(([form, contextValues]) => ({
        name: `begin, ${form}, ${isolation}`,
        text: beginBatch(form, isolation),
        parameters: entryParameters(entryOf(1), contextValues),
      })),
    ),
  ];
}

/** Procedures of each answer, with every kind of value, the calls of them, and who may make these. */
function procedureTexts(): GeneratedTsql[] {
  const valueOf = (kind: ColumnKind) => ({ type: kind, ...(kind === 'decimal' ? { precision: 18, scale: 4 } : {}) });
  const ofKinds = (kinds: readonly ColumnKind[], more: object) =>
    Object.fromEntries(kinds.map((kind) => [kind, { ...valueOf(kind), ...more }]));
  const configured = proceduresSchema.parse({
    Nothing: { parameters: ofKinds(columnKinds, { nullable: true }), returns: 'nothing' },
    Rows: {
      returns: {
        rows: ofKinds(
          columnKinds.filter((kind) => kind !== 'json'),
          {},
        ),
      },
    },
    Whole: { returns: 'json' },
  });
  const types = [
    'smallint',
    'int',
    'bigint',
    'decimal(18, 4)',
    'real',
    'float',
    'bit',
    'nvarchar(40)',
    'uniqueidentifier',
    'varbinary(40)',
    'date',
    'time',
    'datetime2',
    'datetimeoffset',
  ];
  const selected = types.map((type, index) => `CAST(NULL AS ${type}) AS [c${index}]`).join(', ');
  const declared = [...types, 'nvarchar(max)'].map((type, index) => `@${columnKinds[index]} ${type}`).join(', ');
  const bodies = [`[Nothing] ${declared} AS RETURN 0`, `[Rows] AS SELECT ${selected}`, `[Whole] AS SELECT 1 AS [x] FOR JSON PATH`];
  const calls = configured.map((procedure) => {
    const served = servedProcedure(procedure, false);
    const all = [...served.parameters.values()];
    return [true, false].map((isNull) => callStatement(served)(new Map(all.map((parameter) => [parameter, isNull ? null : 'x']))));
  });
  const rights = qualifiedProcedures(configured, mssqlDialect).flatMap((procedure) =>
    mssqlPolicyRenderer.procedureRights(procedure).concat(
      mssqlPolicyRenderer.withdrawal({
        schema: procedure.schema,
        routine: procedure.routine,
        arguments: '',
        given: { schema: procedure.schema, routine: procedure.routine, arguments: '', id: '1' },
      }),
    ),
  );
  return [
    ...bodies.map((body, index) => ({ name: `procedure ${index}`, text: `CREATE PROCEDURE [dbo].${body}`, defines: true })),
    ...calls.flat().map((call, index) => callersStatement(`call ${index}`, compileSql(call, mssqlDialect))),
    ...rights
      .flatMap(({ statements }) => statements)
      .map((statement, index) => ({ name: `right to call ${index}`, text: compileSql(statement, mssqlDialect).text })),
  ];
}

/** The messages that run a statement with such values. */
function messages(name: string, values: readonly SqlValue[]): GeneratedTsql[] {
  const callers = callersParameters(values);
  const parameters = [...statementParameters('SELECT 1'), ...callers];
  return [
    ...entryForms.map(([form, contextValues]) => ({
      name: `routed ${name}, ${form}`,
      text: routedBatch(form, callers),
      parameters: [...entryParameters(entryOf(1), contextValues), ...parameters],
    })),
    ...isolations.flatMap((isolation) => [
      { name: `session ${name}, ${isolation}`, text: sessionBatch(isolation, callers), parameters },
      { name: `stream ${name}, ${isolation}`, text: streamBatch(isolation, callers), parameters },
    ]),
  ];
}

/** Types of key columns, each of which statements say in words of its own. */
const keyColumnTypes = [
  'int', 'bigint', 'uniqueidentifier', 'decimal(10,2)', 'datetime', 'smalldatetime', 'datetime2(7)', 'varchar(40) COLLATE Polish_CI_AS',
  'nvarchar(40) COLLATE Latin1_General_100_CI_AS_SC_UTF8',
]; // prettier-ignore

/** What the data API says for a table. */
function crud(): Record<string, Sql> {
  const made = [[null, null] as const, ...keyColumnTypes.flatMap((type) => [[type, false] as const, [type, true] as const])];
  return Object.fromEntries(
    made.flatMap(([storedAs, hasTriggers], index) =>
      Object.entries(crudOf(storedAs, hasTriggers)).map(([name, statement]): [string, Sql] => [`${name} ${index}`, statement]),
    ),
  );
}

function crudOf(storedAs: string | null, hasTriggers: boolean | null): Record<string, Sql> {
  const column = { nullable: false, hasDefault: false, generated: false, maximumLength: null, precision: null, scale: null, allowed: null };
  const described = { ...column, storedAs, hasTriggers };
  const table = buildTable({ name: 'Posts', schema: 'dbo', table: 'Posts', tenantColumn: 'TenantId' }, [
    { ...described, name: 'TenantId', type: 'int', kind: 'int32', keyPosition: 1 },
    { ...described, name: 'PostId', type: 'int', kind: 'int32', keyPosition: 2 },
    { ...described, name: 'BlogId', type: 'decimal(10,2)', kind: 'decimal', keyPosition: 3, precision: 10, scale: 2 },
    { ...described, name: 'Title', type: 'datetimeoffset', kind: 'instant', keyPosition: null, scale: 7 },
  ]);
  if ('problem' in table) throw new Error(table.problem);
  const statements = tableStatements(table, 'int');
  const title = table.columns.get('Title')!;
  const blog = table.columns.get('BlogId')!;
  return {
    find: statements.find([1, 2]),
    'first page': statements.list(10, undefined),
    'next page': statements.list(10, [1, 2]),
    insert: statements.insert(
      new Map<typeof blog, SqlValue>([
        [blog, 1],
        [title, 'x'],
      ]),
    ),
    'insert of nothing': statements.insert(new Map()),
    update: statements.update([1, 2], new Map([[title, 'x']])),
    remove: statements.remove([1, 2]),
  };
}

/** What callers build with kysely. */
function built(): Record<string, CompiledSql> {
  const db = new Kysely<{ Blogs: { BlogId: number; Name: string } }>({
    dialect: { ...mssqlDialect.kysely, createDriver: () => ({}) as never },
  });
  const queries = {
    'kysely select': db.selectFrom('Blogs').selectAll().where('BlogId', '=', 1).orderBy('BlogId').offset(0).fetch(5),
    'kysely insert': db.insertInto('Blogs').values({ BlogId: 1, Name: "it's" }).output('inserted.BlogId'),
    'kysely update': db.updateTable('Blogs').set({ Name: 'x' }).where('BlogId', 'in', [1, 2]),
    'kysely delete': db.deleteFrom('Blogs').where('BlogId', '=', 1),
  };
  return Object.fromEntries(
    Object.entries(queries).map(([name, query]) => {
      const { sql: text, parameters } = query.compile();
      return [name, { text, values: parameters as CompiledSql['values'] }];
    }),
  );
}

function ownTexts(): GeneratedTsql[] {
  return [
    { name: 'own begin', text: ownBegin },
    { name: 'own session', text: ownSession },
    { name: 'own call', text: ownBatch('SELECT 1 AS [one];'), parameters: [] },
    { name: 'reset', text: resetBatch },
    { name: 'commit', text: endBatches.commit },
    { name: 'rollback', text: endBatches.rollback },
    { name: 'what the gate tries', text: `DECLARE @histograms int;\n${triedByGate()}` },
    ...rehearsedTexts(),
  ];
}

/** What is tried as another user. */
function rehearsedTexts(): GeneratedTsql[] {
  const entry = entryOf(1);
  const entered = {
    bare: { entry, contextValues: undefined },
    'with values': { entry, contextValues: '{"userId":"ann"}' },
    nobody: undefined,
  };
  const asDbo = { caller: { user: 'dbo' }, statement: sql`DELETE FROM [dbo].[Blogs] WHERE [Name] = N'it''s'` };
  const together = compileSql(attemptedAll([asDbo, { ...asDbo, before: sql`SELECT 1 AS [one];` }]), mssqlDialect);
  const inner = /sp_executesql\] N'((?:[^']|'')+)'/.exec(together.text)![1]!.replaceAll("''", "'");
  const alone = Object.entries(entered).flatMap(([name, entering]) => {
    const statement = attempted('dbo', entering, sql`SELECT @@SPID AS [session], ${1} AS [one];`);
    const { text, values } = compileSql(statement, mssqlDialect);
    const [called, , ...given] = values;
    return [
      { name: `rehearsed by ${name}`, text: ownBatch(text), parameters: callersParameters(values) },
      { name: `called by ${name}`, text: called as string, parameters: callersParameters(given) },
    ];
  });
  return [
    ...alone,
    { name: 'rehearsed together', text: ownBatch(together.text), parameters: callersParameters(together.values) },
    { name: 'one of those', text: `DECLARE @rows int;\n${inner}` },
  ];
}

/** The one statement that the gate runs by a text. */
function triedByGate(): string {
  const { text } = new QueryLibrary().query('policy/gate', { tables: '[]' });
  return /sp_executesql\s+N'((?:[^']|'')+)'/.exec(text)![1]!.replaceAll("''", "'");
}

function policyTexts(): GeneratedTsql[] {
  const table = { schema: 'dbo', table: "Blog's]", sequences: [], capturable: true, key: [], columns: [], policies: [] };
  const tables: PolicyTable[] = [
    { ...table, tenantColumn: 'Tenant]Id', role: 'routed' },
    { ...table, tenantColumn: null, role: 'reference' },
  ];
  const wanted = keyTypes.flatMap((keyType) => tables.flatMap((each) => mssqlPolicyRenderer.wanted(each, keyType, tables)));
  const scripts = [
    ...wanted.flatMap(({ item, statements }) => statements.map((statement): [string, Sql] => [item, statement])),
    ...['filter predicate', 'block predicate'].map((item): [string, Sql] => [
      `removal of ${item}`,
      mssqlPolicyRenderer.removal(tables[0]!, item)!,
    ]),
  ];
  return [
    ...scripts.map(([item, statement], index) => ({ name: `policy ${index} ${item}`, text: compileSql(statement, mssqlDialect).text })),
    ...keyTypes.map((keyType) => {
      const [low, high] = keyType === 'bytes' ? [Uint8Array.of(1), Uint8Array.of(2)] : ['1', '2'];
      const rows = mssqlPurgeStatements.within(sql.id('TenantId'), keyType, { low, high });
      const { text, values } = compileSql(mssqlPurgeStatements.deleteSome(sql.id('dbo', 'Blogs'), rows, 10), mssqlDialect);
      return { name: `purge of ${keyType}`, text: ownBatch(text), parameters: callersParameters(values) };
    }),
  ];
}

/** Every kind of predicate in a function of its own, bound to the table, and what `policy apply` says to set and to remove them. */
function rowPolicyTexts(): GeneratedTsql[] {
  const tables = policyTables.map(({ schema, table, columns }) => {
    const types = columns.map(({ name, type }) => `${mssqlDialect.quote(name)} ${type} NULL`);
    return `CREATE TABLE ${mssqlDialect.quote(schema)}.${mssqlDialect.quote(table)} (${types.join(', ')})`;
  });
  const each = predicateKinds.flatMap(({ predicate }, index) => textsOfRows(predicate, `rows ${index}`));
  // What the texts above put together where they run.
  const tenant = 'PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]';
  const together = [
    'DROP BLOCK PREDICATE ON [dbo].[Samples] AFTER INSERT, DROP BLOCK PREDICATE ON [dbo].[Samples]',
    `ALTER FILTER ${tenant}, ALTER BLOCK ${tenant} BEFORE DELETE`,
  ].map((change, index) => ({ name: `rows together ${index}`, text: `ALTER SECURITY POLICY [tenantry].[policy_dbo] ${change}` }));
  return [...together, { name: 'rows tables', text: ['CREATE SCHEMA [lab]', ...tables].join('\nGO\n'), defines: true }, ...each];
}

function textsOfRows(condition: Predicate, of: string): GeneratedTsql[] {
  const everywhere = { select: condition, insert: condition, update: condition, delete: condition };
  const policies: RowPolicy[] = [
    { name: 'one', conditions: everywhere },
    { name: 'other', conditions: { delete: { kind: 'all', of: [] } } },
  ];
  const table = { ...samples, policies };
  const functions = new Map<string, Sql>();
  const added = slotPredicates(table).map(({ kind, operation, conditions }) => {
    const made = conditions.length === 0 ? undefined : rowFunction(table, conditions, policyTables);
    if (made !== undefined) functions.set(made.name, made.create);
    const call = made?.call ?? sql`[tenantry].[visible]([TenantId])`;
    return `ADD ${kind} PREDICATE ${compileSql(call, mssqlDialect).text} ON [dbo].[Samples] ${operation ?? ''}`;
  });
  // Only one policy may be on.
  const policy = `CREATE SECURITY POLICY [tenantry].[policy of ${of}] ${added.join(', ')} WITH (STATE = OFF, SCHEMABINDING = ON)`;
  const found: PolicyTable = { ...table, columns: policyTables[0]!.columns, role: 'routed', sequences: [], capturable: true, key: [] };
  const items = mssqlPolicyRenderer.wanted(found, 'int', policyTables);
  const removals = items.map(({ item }) => mssqlPolicyRenderer.removal(found, item)).filter((removal) => removal !== null);
  const applied = [...items.flatMap(({ statements }) => statements), ...removals];
  return [
    ...Array.from(functions.values(), (create) => compileSql(create, mssqlDialect).text)
      .concat(policy)
      .map((text, index) => ({ name: `${of} made ${index}`, text, defines: true })),
    ...applied.map((statement, index) => ({ name: `${of} applied ${index}`, text: compileSql(statement, mssqlDialect).text })),
  ];
}

/** What is kept of a model with every kind of predicate, as it was reviewed. */
function renderedTexts(): GeneratedTsql[] {
  const kept = readFileSync(new URL('../unit/engine/rendered/mssql.sql', import.meta.url), 'utf8');
  return kept.split(`${mssqlEnd}\n`).map((text, index) => ({ name: `rendered ${index}`, text }));
}

function provisioningTexts(): GeneratedTsql[] {
  const provisioner = createMssqlProvisioner();
  const request = { ...emptyDatabase, logins, tables: [{ table: 'Blogs' }] } as const;
  const statements = provisioner.provision(request).map((statement, index) => ({
    name: `provisioning ${index}`,
    text: compileSql(statement, mssqlDialect).text,
  }));
  const app = { user: 'shop-app@example.com', entra: { kind: 'default' } } as const;
  const byEntra = provisioner.provision({ ...request, logins: { ...logins, app } }).map((statement, index) => ({
    name: `provisioning with Entra ID ${index}`,
    text: compileSql(statement, mssqlDialect).text,
  }));
  // What sqlcmd reads itself is no T-SQL.
  const script = provisioner.script(request).replace(/^:on error exit\n/, '');
  // The compiler sees no text within a text: what EXEC takes stands here by itself.
  const within = [...statements, ...byEntra].flatMap(({ name, text }) =>
    Array.from(text.matchAll(/EXEC \(N'((?:[^']|'')*)'\)/g), ([, inner = ''], index) => ({
      name: `${name}, text ${index}`,
      text: inner.replaceAll("''", "'"),
    })),
  );
  return [...statements, ...byEntra, ...within, { name: 'provisioning script', text: script }];
}

/** What the attacks of test/integration/mssql say, and what switches their defences off. */
async function attackTexts(): Promise<GeneratedTsql[]> {
  const texts = new Map<string, GeneratedTsql>();
  for (const deed of [catalogue, defences].flatMap((groups) => Object.values(groups).flatMap((deeds) => Object.values<Attack>(deeds)))) {
    for (const { text, values } of await statementsOf(deed)) {
      if (texts.has(text)) continue;
      const parameters = callersParameters(values);
      // What is no query cannot stand in a procedure, as which names are resolved.
      const isQuery = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|DECLARE|EXEC) /.test(text) || parameters.length > 0;
      texts.set(text, { name: `tried in attack ${texts.size}`, text, ...(isQuery ? { parameters } : {}) });
    }
  }
  return [...texts.values()];
}

/** What attacks make themselves, or name because it is not there; what a file and another database have. */
const besideTheShard =
  /^\[dbo\]\.\[(?:EveryName|EveryBlog|AllNames|Prices|Taken|tenant-2)\]|^\[shop_reports\]|^\[cdc\]\.|^\[BulkColumn\]|^\[master\]\./;

/** What the suites for a real server try: a slip in it would only be seen there. */
function triedTexts(): GeneratedTsql[] {
  const texts = [
    ...transactionAttacks.map(({ lines }) => textOf(lines)).filter((text) => !text.includes('@tenantry_')),
    ...[...sessionResidues, ...harmlessResidues].flatMap(({ leave, find }) => [leave, find]),
    ...forbiddenStatements.filter((text) => !text.startsWith('GOTO')),
    ...['SNAPSHOT', 'READ UNCOMMITTED', 'READ COMMITTED'].map(entryUnder),
    locksOf(1),
    neverEscalated,
    sharedDatabase,
    sessionNumber,
    waits,
    ...[databaseOptions('tenantry_test', 'ON'), serialPlans, parallelPlans, unwatched].map((made) => compileSql(made, mssqlDialect).text),
    manyRows,
    laboratory,
    apiTables,
    auditing,
    beforehand,
    ...[...changes, ...unseenChanges].flatMap(({ change, back }) => [change, back]),
    ...harmless,
    ...newTables.map((made) => made.text),
    ...exposures.flatMap(({ expose, cover }) => expose.concat(cover)),
    ...Object.values(brings),
    ...Object.values(changeTracking).map((made) => (typeof made === 'string' ? made : made('[dbo].[Blogs]', 'ENABLE'))),
    compileSql(explained(servedBlogs().statements.find([1])), mssqlDialect).text,
    readFileSync(new URL('../integration/mssql/support/world.sql', import.meta.url), 'utf8'),
  ];
  return texts.map((text, index) => ({ name: `tried ${index}`, text }));
}

/** What cases say, over Blogs. */
function caseTexts(): GeneratedTsql[] {
  const columns = new Map(['TenantId', 'BlogId'].map((name) => [name, { name, type: 'int' }])).set('Name', {
    name: 'Name',
    type: 'nvarchar(400)',
  });
  const named = { name: 'Blogs', schema: 'dbo', table: 'Blogs' };
  const blogs = { ...named, tenantColumn: 'TenantId', columns, key: ['TenantId', 'BlogId'] };
  const shared = { ...named, columns, key: ['TenantId', 'BlogId'] };
  const fixtures = [
    {
      table: named,
      rows: [
        { TenantId: 3, BlogId: 1 },
        { TenantId: 3, BlogId: 2 },
      ],
      at: [],
    },
  ];
  const ofTenants = new CaseStatements({ file: 'own', tenants: ['acme', 'globex'], fixtures: [], cases: [] }, (tenant) => tenant.length);
  const ofEverybody = new CaseStatements({ file: 'own', tenants: ['acme'], fixtures, cases: [] }, (tenant) => tenant.length);
  const row = ['TenantId', 'BlogId', 'Name'].map((name) => ({
    column: { name, type: 'int', base: 'int', needed: true, key: false, required: true, identity: false, generated: false },
    value: sql`CAST(${1} AS int)`,
  }));
  const [upsert = sql``] = mssqlSamples.upserts(sql.id('dbo', 'Blogs'), row, blogs.key, ['Name']).map(({ statement }) => statement);
  const made = {
    'case select': ofTenants.select(blogs, { Name: "it's", BlogId: null }, ['TenantId', 'BlogId']),
    'case select of everybody': ofEverybody.select(shared, {}, ['BlogId']),
    'case count': ofTenants.count(blogs, { TenantId: 'globex' }, 'acme'),
    'case update': ofTenants.update(blogs, { Name: null, TenantId: 'globex' }, {}),
    'case delete': ofTenants.delete(blogs, { BlogId: 1n }),
    'case upsert': upsert,
    'case value': sql`select ${typed({ type: 'nvarchar(400)', value: 'x' })} as ${sql.id('v0')}`,
  };
  const scratch = [mssqlScratch.create("te'st"), mssqlScratch.drop('test')].map((statement, index) => ({
    name: `scratch ${index}`,
    text: compileSql(statement, mssqlDialect).text,
  }));
  return [...Object.entries(made).map(([name, statement]) => callersStatement(name, compileSql(statement, mssqlDialect))), ...scratch];
}
