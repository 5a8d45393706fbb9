import { sql, sqlText, type AnsweringClauses, type ChangedTable, type Sql } from '../../core/sql.ts';
import { isEntered } from './entered-tenant.ts';

/** An UPDATE, because it is one that says a count without rows. */
const count = sql`update @changed set [changed] = 1`;

type Change = 'insert' | 'update' | 'delete';

/**
 * How a change answers with its row. OUTPUT alone is refused on a table with an enabled trigger (334), and shows the row as it
 * was before the trigger. There the key goes into a table variable, and the row is read by it once the triggers have run; the
 * variable costs pages of tempdb, so that other tables do without. A trigger's own results come before it and are passed over.
 * Where a trigger took the row away, or gave it another key, there is none to read: what was changed is counted behind it all.
 */
export function answering(change: Change, table: ChangedTable): AnsweringClauses {
  const keyTypes = table.key.flatMap(({ storedAs }) => storedAs ?? []);
  if (table.hasTriggers === true && keyTypes.length === table.key.length) return readBack(change, table, keyTypes);
  const amid = change === 'delete' ? sql`` : sql` output ${table.row((name) => sql`inserted.${sql.id(name)}`)}`;
  return { first: sql``, amid, last: sql`` };
}

function readBack(change: Change, table: ChangedTable, keyTypes: readonly string[]): AnsweringClauses {
  const from = sqlText(change === 'delete' ? 'deleted' : 'inserted');
  const columns = keyTypes.map((type, index) => sqlText(`, [key${index + 1}] ${type}`));
  const values = table.key.map(({ name }) => sql`, ${from}.${sql.id(name)}`);
  return {
    first: sql`declare @changed table ([changed] bit${all(columns)});\n`,
    amid: sql` output 1${all(values)} into @changed`,
    last: change === 'delete' ? sql`;\nselect [changed] from @changed` : sql`;\n${rowOf(table)};\n${count}`,
  };
}

function rowOf({ name, tenantColumn, keyType, key, row }: ChangedTable): Sql {
  const isRow = [
    ...(tenantColumn === undefined ? [] : [isEntered(sql.id('t', tenantColumn), keyType)]),
    ...key.map((column, index) => sql`${sql.id('t', column.name)} = ${sql.id('c', `key${index + 1}`)}`),
  ];
  return sql`select ${row((column) => sql.id('t', column))} from @changed as [c] join ${name} as [t] on ${sql.join(isRow, sql` and `)}`;
}

function all(fragments: readonly Sql[]): Sql {
  return sql.join(fragments, sql``);
}
