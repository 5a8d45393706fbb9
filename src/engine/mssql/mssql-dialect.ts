import { MssqlAdapter, MssqlIntrospector, MssqlQueryCompiler } from 'kysely';
import { sql } from '../../core/sql.ts';
import type { EngineDialect } from '../engine.ts';

/** SQL Server's way of writing names and parameters, and kysely's compiler for it. */
export const mssqlDialect: EngineDialect = {
  defaultSchema: 'dbo',
  quote: (identifier) => `[${identifier.replaceAll(']', ']]')}]`,
  placeholder: (position) => `@p${position}`,
  // Style 121 writes what every kind of time has, with a point and as many digits as it has; without one, 126 is ISO 8601 too.
  asText: (value, form) =>
    form === 'in UTC' ? sql`convert(varchar(64), ${value} at time zone 'UTC', 121)` : sql`cast(${value} as varchar(64))`,
  answerBefore: (row) => sql` output ${row((name) => sql`inserted.${sql.id(name)}`)}`,
  answerAfter: () => sql``,
  kysely: {
    createAdapter: () => new MssqlAdapter(),
    createIntrospector: (db) => new MssqlIntrospector(db),
    createQueryCompiler: () => new MssqlQueryCompiler(),
  },
};

/** A text as a literal of a statement that takes no parameters, such as a definition. */
export function textLiteral(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}
