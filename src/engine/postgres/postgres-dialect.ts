import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { sql } from '../../core/sql.ts';
import type { EngineDialect } from '../engine.ts';
import { calling } from './calling.ts';
import { columnKind } from './column-kind.ts';

/** PostgreSQL's way of writing names and parameters, and kysely's compiler for it. */
export const postgresDialect: EngineDialect = {
  defaultSchema: 'public',
  columnKind,
  quote: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
  placeholder: (position) => `$${position}`,
  // A number comes as text, with every digit.
  asText: (value, form) =>
    form === 'every digit' ? undefined : sql`cast(${form === 'in UTC' ? sql`${value} at time zone 'UTC'` : value} as varchar(64))`,
  isEntered: () => undefined,
  answering: (change, { row }) => ({
    first: sql``,
    amid: sql``,
    last: change === 'delete' ? sql`` : sql` returning ${row((name) => sql.id(name))}`,
  }),
  calling,
  // A parameter takes the type of what it is compared with.
  compared: (placeholder) => placeholder,
  kysely: {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
};
