import type { Engine } from '../engine.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { QueryLibrary } from './query-library.ts';

/** PostgreSQL, versions 15 and later. */
export function createPostgresEngine(library: QueryLibrary = new QueryLibrary()): Pick<Engine, 'name' | 'dialect' | 'open'> {
  return {
    name: 'postgres',
    dialect: postgresDialect,
    open: (address, login, options) => new PostgresDatabase(address, login, library, options),
  };
}
