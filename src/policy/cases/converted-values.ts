import type { Problem } from '../../core/problem-list.ts';
import { TenantryError } from '../../core/errors.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { sql, sqlText, type Sql, type SqlValue } from '../../core/sql.ts';
import { comparable } from './comparable.ts';
import type { SaidValue } from './said-values.ts';
import type { TestedTables } from './tested-tables.ts';

/** Values that are converted by one statement: a parameter each. */
const most = 500;

/** A value in the type of a column. */
interface Conversion {
  readonly type: string;
  readonly value: SqlValue;
}

/** Values of files as the database gives them back, once they are of the type of their column. */
export interface ConvertedValues {
  of(conversion: Conversion): unknown;
}

/** A value as a statement has it for a column of that type. */
export function typed({ type, value }: Conversion): Sql {
  return sql`cast(${value} as ${sqlText(type)})`;
}

/**
 * Has the database convert every value to the type of its column, so that `12.5` and `12.50`, or two ways to write a time, are compared
 * as what they are there. Gives a problem for each that is of no such type.
 */
export async function convertValues(
  database: SqlDatabase,
  tables: TestedTables,
  said: readonly SaidValue[],
): Promise<{ readonly values: ConvertedValues; readonly problems: readonly Problem[] }> {
  const typeOf = ({ table, column }: SaidValue): string | undefined => tables.get(table.name)?.columns.get(column)?.type;
  const wanted = new Map<string, Conversion>();
  for (const each of said) {
    const type = typeOf(each);
    if (type !== undefined) wanted.set(keyOf({ type, value: each.value }), { type, value: each.value });
  }
  const converted = new Map<string, unknown>();
  const entries = [...wanted];
  for (let from = 0; from < entries.length; from += most) await convert(database, entries.slice(from, from + most), converted);
  const problems = said.flatMap((each): Problem[] => {
    const type = typeOf(each);
    if (type === undefined || converted.has(keyOf({ type, value: each.value }))) return [];
    return [{ path: each.path, message: `is no value of type ${type}` }];
  });
  return { problems, values: { of: (conversion) => converted.get(keyOf(conversion)) } };
}

type Entry = readonly [key: string, conversion: Conversion];

/** All at once; where one of them cannot be, one by one. */
async function convert(database: SqlDatabase, entries: readonly Entry[], into: Map<string, unknown>): Promise<void> {
  const columns = entries.map(([, conversion], index) => sql`${typed(conversion)} as ${sql.id(`v${index}`)}`);
  let row: Record<string, unknown> | undefined;
  try {
    [row] = (await database.query(sql`select ${sql.join(columns)}`)).rows;
  } catch (error) {
    if (!(error instanceof TenantryError) || !isOfValue(error)) throw error;
    if (entries.length > 1) for (const entry of entries) await convert(database, [entry], into);
    return;
  }
  entries.forEach(([key], index) => into.set(key, row?.[`v${index}`]));
}

function isOfValue({ code }: TenantryError): boolean {
  return code === 'STATEMENT_FAILED' || code === 'CONSTRAINT_VIOLATION' || code === 'INVALID_REQUEST';
}

function keyOf({ type, value }: Conversion): string {
  return `${type}\n${typeof value}\n${comparable(value)}`;
}
