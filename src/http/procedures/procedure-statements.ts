import { sql, sqlByDialect, sqlTable, type CalledProcedure, type CallingClauses, type Sql } from '../../core/sql.ts';
import { selectItem } from '../columns/select-item.ts';
import { keptShapes } from '../kept-shapes.ts';
import type { Arguments } from './arguments.ts';
import type { ServedProcedure } from './served-procedure.ts';

/** Makes the statement of a call; the text of each set of parameters is compiled once. */
export type CallStatement = (values: Arguments) => Sql;

interface GivenArgument {
  readonly name: string;
  /** Null stands in the text: as a parameter it has a type, which not every server converts to that of the procedure. */
  readonly isNull: boolean;
}

/** The calls of a procedure. Only names that the configuration has reach the statement, quoted. */
export function callStatement({ schema, routine, isFunction, returns, columns }: ServedProcedure): CallStatement {
  const called: CalledProcedure = {
    name: sqlTable(schema, routine),
    isFunction,
    returns,
    row: (column) => sql.join(columns.map((shown) => selectItem(shown, column(shown.name)))),
  };
  const clause = (write: (clauses: CallingClauses) => Sql): Sql => sqlByDialect((dialect) => write(dialect.calling(called)));
  const shapeOf = keptShapes(
    (given: readonly GivenArgument[]) => given.map(({ name, isNull }) => [name, isNull]),
    (given) => {
      const values = given.map(({ name, isNull }) => sql`${clause(({ argument }) => argument(name))}${isNull ? sql`null` : sql`${null}`}`);
      return sql`${clause(({ first }) => first)}${sql.join(values)}${clause(({ last }) => last)}`;
    },
  );
  return (values) => {
    const given = Array.from(values, ([{ name }, value]) => ({ name, isNull: value === null }));
    return shapeOf(given).with([...values.values()].filter((value) => value !== null));
  };
}
