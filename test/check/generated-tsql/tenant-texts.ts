import { Kysely } from 'kysely';
import { compileSql, type CompiledSql } from '../../../src/core/compile-sql.ts';
import type { Sql, SqlValue } from '../../../src/core/sql.ts';
import type { Isolation } from '../../../src/engine/engine.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { beginBatch, routedBatch, sessionBatch, streamBatch } from '../../../src/engine/mssql/routed-batch.ts';
import { callersParameters, entryParameters, statementParameters } from '../../../src/engine/mssql/routed-parameters.ts';
import { buildTable } from '../../../src/http/tables/table.ts';
import { tableStatements } from '../../../src/http/tables/table-statements.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';
import { entryOf } from '../../support/scripted-shard.ts';
import { callersStatement } from './callers-statement.ts';

const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable'];

const entryForms = [
  ['bare', undefined],
  ['withValues', '{"userId":"u1"}'],
] as const;

/** Statements of callers, and the messages that run them for a tenant. */
export function tenantStatements(): GeneratedTsql[] {
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
