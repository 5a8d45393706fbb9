import { MssqlAdapter, MssqlIntrospector } from 'kysely';
import { sql } from '../../core/sql.ts';
import type { EngineDialect } from '../engine.ts';
import { answering } from './answering.ts';
import { calling } from './calling.ts';
import { columnKind } from './column-kind.ts';
import { compared } from './compared.ts';
import { isEntered } from './entered-tenant.ts';
import { BracketQueryCompiler } from './kysely-compiler.ts';

/** SQL Server's way of writing names and parameters, and kysely's compiler for it. */
export const mssqlDialect: EngineDialect = {
  defaultSchema: 'dbo',
  columnKind,
  quote: (identifier) => `[${identifier.replaceAll(']', ']]')}]`,
  placeholder: (position) => `@p${position}`,
  // Style 126 is ISO 8601 for every kind of time, style 2 all four digits of money; a plain cast has neither. The driver makes a
  // binary number of a decimal, which has 15 digits for certain.
  asText: (value, form) =>
    form === 'every digit'
      ? sql`convert(varchar(64), ${value}, 2)`
      : sql`replace(convert(varchar(64), ${form === 'in UTC' ? sql`${value} at time zone 'UTC'` : value}, 126), 'T', ' ')`,
  isEntered,
  answering,
  calling,
  compared,
  kysely: {
    createAdapter: () => new MssqlAdapter(),
    createIntrospector: (db) => new MssqlIntrospector(db),
    createQueryCompiler: () => new BracketQueryCompiler(),
  },
};

/** A text as a literal of a statement that takes no parameters, such as a definition. */
export function textLiteral(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}
