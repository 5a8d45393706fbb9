import { sql, type CalledProcedure, type CallingClauses, type Sql } from '../../core/sql.ts';

/**
 * A call of a function in a query, or of a procedure by CALL, which answers with nothing. Arguments take the types of the one function of
 * the name.
 */
export function calling(procedure: CalledProcedure): CallingClauses {
  const [before, behind] = around(procedure);
  return {
    first: sql`${before}${procedure.name}(`,
    argument: (name) => sql`${sql.id(name)} => `,
    last: sql`)${behind}`,
  };
}

/** What stands before the name and behind the arguments. */
function around({ isFunction, returns, row }: CalledProcedure): readonly [Sql, Sql] {
  if (!isFunction) return [sql`call `, sql``];
  switch (returns.kind) {
    case 'rows':
      return [sql`select ${row((name) => sql.id('r', name))} from `, sql` as ${sql.id('r')}`];
    case 'json':
      return [sql`select cast(`, sql` as text) as ${sql.id('json')}`];
    case 'nothing':
      return [sql`select count(*) from `, sql` as ${sql.id('r')}`];
  }
}
