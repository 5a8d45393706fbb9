import type { KeyType } from '../../core/key-type.ts';
import { SqlShape } from '../../core/compile-sql.ts';
import {
  sql,
  sqlByDialect,
  sqlCompared,
  sqlTable,
  type AnsweringClauses,
  type ChangedTable,
  type Sql,
  type SqlValue,
} from '../../core/sql.ts';
import { selectItem } from '../columns/select-item.ts';
import { keptShapes } from '../kept-shapes.ts';
import type { RowValues } from './row-body.ts';
import type { Table, TableColumn } from './table.ts';

/** The statements of one table; each text is compiled once. Values are as the codecs made them. */
export interface TableStatements {
  find(key: readonly SqlValue[]): Sql;
  /** The first `limit` rows, or those after a key, in the order of the key. */
  list(limit: number, after: readonly SqlValue[] | undefined): Sql;
  insert(values: RowValues): Sql;
  update(key: readonly SqlValue[], values: RowValues): Sql;
  remove(key: readonly SqlValue[]): Sql;
}

/**
 * Builds the statements of a table, whose tenants have keys of that type. Only names that the database described reach them,
 * quoted.
 */
export function tableStatements(table: Table, keyType: KeyType): TableStatements {
  const from = sqlTable(table.schema, table.table);
  const row: ChangedTable['row'] = (column) => sql.join([...table.columns.values()].map((shown) => selectItem(shown, column(shown.name))));
  const columns = row((name) => sql.id(name));
  const changed: ChangedTable = { ...table, name: from, keyType, row };
  const clauses = (change: 'insert' | 'update' | 'delete'): AnsweringClauses => {
    const clause = (place: keyof AnsweringClauses): Sql => sqlByDialect((dialect) => dialect.answering(change, changed)[place]);
    return { first: clause('first'), amid: clause('amid'), last: clause('last') };
  };
  const isKey = sql`${ofTenant(table, keyType, (test) => sql`${test} and `)}${sql.join(
    table.key.map(({ name, storedAs }) => sql`${sql.id(name)} = ${sqlCompared(null, storedAs)}`),
    sql` and `,
  )}`;
  const listed = { alias: 't' };
  const whereTenant = ofTenant(table, keyType, (test) => sql` where ${test}`, listed);
  const andTenant = ofTenant(table, keyType, (test) => sql`${test} and `, listed);
  // In the order of the index on tenant and key.
  const byTenant = ofTenant(table, keyType, (_, column) => sql`${column}, `, listed);
  const order = table.key.length === 0 ? sql`` : sql` order by ${byTenant}${sql.join(table.key.map(({ name }) => sql.id('t', name)))}`;
  const page = sql` offset 0 rows fetch next ${null} rows only`;

  const find = new SqlShape(sql`select ${columns} from ${from} where ${isKey}`);
  const all = sql`select ${columns} from ${from} as ${sql.id('t')}`;
  const first = new SqlShape(table.key.length === 0 ? sql`${all}${whereTenant}` : sql`${all}${whereTenant}${order}${page}`);
  const next = new SqlShape(sql`${all} where ${andTenant}${after(table.key)}${order}${page}`);
  const removal = clauses('delete');
  const remove = new SqlShape(sql`${removal.first}delete from ${from}${removal.amid} where ${isKey}${removal.last}`);
  const insertion = clauses('insert');
  const insertShape = keptShapes(columnsAndWritten, (given: readonly GivenColumn[]) => {
    const names = given.length === 0 ? sql`` : sql` (${sql.join(given.map(({ column }) => sql.id(column.name)))})`;
    const values = given.length === 0 ? sql` default values` : sql` values (${sql.join(given.map(placeOf))})`;
    return sql`${insertion.first}insert into ${from}${names}${insertion.amid}${values}${insertion.last}`;
  });
  const change = clauses('update');
  const updateShape = keptShapes(columnsAndWritten, (given: readonly GivenColumn[]) => {
    const values = sql.join(given.map((one) => sql`${sql.id(one.column.name)} = ${placeOf(one)}`));
    return sql`${change.first}update ${from} set ${values}${change.amid} where ${isKey}${change.last}`;
  });

  return {
    find: (key) => find.with(key),
    list: (limit, last) => {
      if (table.key.length === 0) return first.with([]);
      return last === undefined ? first.with([limit]) : next.with([...afterValues(last), limit]);
    },
    insert: (values) => insertShape(givenOf(values)).with(placed(values)),
    update: (key, values) => updateShape(givenOf(values)).with([...placed(values), ...key]),
    remove: (key) => remove.with(key),
  };
}

/** What is said of the tenant column of a table's rows: nothing for a reference table, and where an engine needs no words for it. */
function ofTenant(
  { tenantColumn }: Table,
  keyType: KeyType,
  write: (test: Sql, column: Sql) => Sql,
  { alias }: { readonly alias?: string } = {},
): Sql {
  if (tenantColumn === undefined) return sql``;
  const column = alias === undefined ? sql.id(tenantColumn) : sql.id(alias, tenantColumn);
  return sqlByDialect((dialect) => {
    const test = dialect.isEntered(column, keyType);
    return test === undefined ? sql`` : write(test, column);
  });
}

/**
 * `(a, b) > (x, y)` in words that every engine has and that an index on (a, b) can start from:
 * `a >= x and (a > x or b > y)`.
 */
function after(key: readonly TableColumn[]): Sql {
  const [first, ...rest] = key;
  if (first === undefined) return sql`1 = 0`;
  const column = sql.id('t', first.name);
  const value = sqlCompared(null, first.storedAs);
  if (rest.length === 0) return sql`${column} > ${value}`;
  return sql`${column} >= ${value} and (${column} > ${value} or (${after(rest)}))`;
}

/** The values of `after`'s places: each but the last stands twice. */
function afterValues(key: readonly SqlValue[]): SqlValue[] {
  return key.flatMap((value, index) => (index === key.length - 1 ? [value] : [value, value]));
}

/** A column that a request gives a value. */
interface GivenColumn {
  readonly column: TableColumn;
  /** Null stands in the text: as a parameter it is a text, which SQL Server converts to every type but bytes (257). */
  readonly isWritten: boolean;
}

function givenOf(values: ReadonlyMap<TableColumn, SqlValue>): GivenColumn[] {
  return Array.from(values, ([column, value]) => ({ column, isWritten: isWritten(column, value) }));
}

/** The values that have a place. */
function placed(values: ReadonlyMap<TableColumn, SqlValue>): SqlValue[] {
  return Array.from(values).flatMap(([column, value]) => (isWritten(column, value) ? [] : [value]));
}

function columnsAndWritten(given: readonly GivenColumn[]): unknown {
  return given.map(({ column, isWritten: written }) => [column.name, written]);
}

function isWritten({ kind }: TableColumn, value: SqlValue): boolean {
  return value === null && kind === 'bytes';
}

function placeOf({ isWritten: written }: GivenColumn): Sql {
  return written ? sql`null` : sql`${null}`;
}
