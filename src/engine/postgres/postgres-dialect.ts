import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { EngineDialect } from '../engine.ts';

/** PostgreSQL's way of writing names and parameters, and kysely's compiler for it. */
export const postgresDialect: EngineDialect = {
  defaultSchema: 'public',
  quote: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
  placeholder: (position) => `$${position}`,
  kysely: {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
};
