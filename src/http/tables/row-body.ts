import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../core/session.ts';
import type { SqlValue } from '../../core/sql.ts';
import { escapePointer } from '../json/strict-json.ts';
import { InvalidRequest, type RequestProblem } from '../request-problem.ts';
import type { Table, TableColumn } from './table.ts';

/** Columns and values of a body, in the table's order, so that one set of columns is one statement. */
export type RowValues = ReadonlyMap<TableColumn, SqlValue>;

/** Whether a new row may give the column. */
export function isWritable({ generated }: TableColumn): boolean {
  return !generated;
}

/** Whether a new row must give the column. */
export function isRequired({ nullable, hasDefault, generated }: TableColumn): boolean {
  return !nullable && !hasDefault && !generated;
}

/** Whether a change may give the column. */
export function isChangeable({ generated, inKey }: TableColumn): boolean {
  return !generated && !inKey;
}

/** The values of a new row. Throws INVALID_REQUEST with every problem: unknown, wrong, forbidden and missing columns. */
export function parseNewRow(table: Table, body: unknown): RowValues {
  const required = [...table.columns.values()].filter(isRequired);
  return parseRow(table, body, (column) => (isWritable(column) ? undefined : 'is set by the database alone'), required);
}

/** The values that a change gives, at least one. Throws INVALID_REQUEST with every problem. */
export function parseRowChange(table: Table, body: unknown): RowValues {
  const values = parseRow(
    table,
    body,
    (column) => {
      if (isChangeable(column)) return undefined;
      return column.inKey ? 'is part of the key, which does not change' : 'is set by the database alone';
    },
    [],
  );
  if (values.size === 0) throw new InvalidRequest([{ in: 'body', pointer: '', detail: 'must name at least one column' }]);
  return values;
}

/** Whether a row, as it is shown, has these values: then a change to them has nothing to do. */
export function hasValues(rendered: Row, values: RowValues): boolean {
  return Array.from(values).every(([{ name, kind, codec }, value]) => {
    const shown = rendered[name];
    // The database orders members in its own way.
    if (kind === 'json' && typeof value === 'string') return isDeepStrictEqual(shown, JSON.parse(value));
    return isDeepStrictEqual(shown === null ? null : codec.fromJson(shown), value);
  });
}

/** Columns that a problem names, once in an answer: it may not outgrow the request by much. */
const mostShownColumns = 30;

function shownColumns({ columns }: Table): string {
  const names = [...columns.keys()];
  const more = names.length - mostShownColumns;
  return more > 0 ? `${names.slice(0, mostShownColumns).join(', ')} and ${more} more` : names.join(', ');
}

function parseRow(
  table: Table,
  body: unknown,
  forbidden: (column: TableColumn) => string | undefined,
  required: readonly TableColumn[],
): RowValues {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InvalidRequest([{ in: 'body', pointer: '', detail: 'must be a JSON object of columns and values' }]);
  }
  const members = new Map<string, unknown>(Object.entries(body));
  const problems: RequestProblem[] = [];
  const refuse = (name: string, detail: string): void => void problems.push({ in: 'body', pointer: `/${escapePointer(name)}`, detail });
  let isFirst = true;
  for (const name of members.keys()) {
    if (name === table.tenantColumn) refuse(name, 'is the tenant column, which the token decides');
    else if (!table.columns.has(name)) {
      refuse(name, `is no column of ${table.name}${isFirst ? `; there are ${shownColumns(table)}` : ''}`);
      isFirst = false;
    }
  }
  const values = new Map<TableColumn, SqlValue>();
  for (const column of table.columns.values()) {
    if (!members.has(column.name)) continue;
    const value = members.get(column.name);
    const reason = forbidden(column) ?? (value === null && !column.nullable ? 'must not be null' : undefined);
    const given = value === null ? null : column.codec.fromJson(value);
    if (reason !== undefined) refuse(column.name, reason);
    else if (given === undefined) refuse(column.name, `must be ${column.codec.allowed}${column.nullable ? ', or null' : ''}`);
    else values.set(column, given);
  }
  for (const { name, codec } of required) if (!members.has(name)) refuse(name, `is missing; it must be ${codec.allowed}`);
  if (problems.length > 0) throw new InvalidRequest(problems);
  return values;
}
