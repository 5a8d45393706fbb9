import type { SqlValue } from '../../core/sql.ts';
import { SqlTyped } from '../../core/sql-typed.ts';

/** A value as pg writes it: one with a type is its text, of which the server makes what the statement says. */
export function parameterValue(value: SqlValue | undefined): Exclude<SqlValue, SqlTyped> | undefined {
  return value instanceof SqlTyped ? value.text : value;
}
