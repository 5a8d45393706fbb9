import { sql, sqlText, type CalledProcedure, type CallingClauses } from '../../core/sql.ts';
import type { ProcedureColumn } from '../../core/procedure.ts';

/** Numbers rows as they come: a table variable keeps no order. */
const position = sql.id('$row');

/**
 * A call of a procedure. Its rows go through a table variable, which gives them the types of the configuration, so that they are read as
 * those of tables are, and under which the server refuses COMMIT and ROLLBACK itself (3915, 3916: *INSERT*, EXECUTE). A document is
 * answered as it comes: FOR JSON is refused there (13602).
 */
export function calling({ name, returns, row }: CalledProcedure): CallingClauses {
  const argument = (parameter: string) => sqlText(`@${parameter} = `);
  if (returns.kind !== 'rows') return { first: sql`exec ${name} `, argument, last: sql`` };
  const names = sql.join(returns.columns.map((column) => sql.id(column.name)));
  const declared = returns.columns.map((column) => sql`, ${sql.id(column.name)} ${sqlText(typeOf(column))} null`);
  return {
    first: sql`declare @answer table (${position} bigint identity primary key${sql.join(declared, sql``)});\ninsert @answer (${names}) exec ${name} `,
    argument,
    last: sql`;\nselect ${row((column) => sql.id('r', column))} from @answer as [r] order by [r].${position}`,
  };
}

const types: Readonly<Record<Exclude<ProcedureColumn['kind'], 'decimal' | 'text'>, string>> = {
  int16: 'smallint',
  int32: 'int',
  int64: 'bigint',
  float32: 'real',
  float64: 'float',
  boolean: 'bit',
  uuid: 'uniqueidentifier',
  bytes: 'varbinary(max)',
  date: 'date',
  time: 'time(7)',
  timestamp: 'datetime2(7)',
  instant: 'datetimeoffset(7)',
};

function typeOf({ kind, precision, scale }: ProcedureColumn): string {
  if (kind === 'decimal') return `decimal(${precision ?? 38}, ${scale ?? 0})`;
  return kind === 'text' ? 'nvarchar(max)' : types[kind];
}
