import { systemClock, type Clock } from '../../core/clock.ts';
import type { Engine } from '../engine.ts';
import { connectApp } from './connect-app.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { QueryLibrary } from './query-library.ts';

/** What the engine may be given instead of its own. */
export interface PostgresEngineOptions {
  readonly library?: QueryLibrary;
  readonly clock?: Clock;
  /** The longest that any statement of a tenant may take; the server ends it a second later, 16 s by default. */
  readonly statementTimeoutMs?: number;
}

const defaultStatementTimeoutMs = 15_000;
/** The program's own timer comes first: it knows whose wish it was. */
const backstopMs = 1_000;

/** PostgreSQL, versions 15 and later. */
export function createPostgresEngine(options: PostgresEngineOptions = {}): Engine {
  const { library = new QueryLibrary(), clock = systemClock, statementTimeoutMs = defaultStatementTimeoutMs } = options;
  const appOptions = { library, clock, statementTimeoutMs: statementTimeoutMs + backstopMs };
  return {
    name: 'postgres',
    capabilities: { readOnlyTransactions: true },
    dialect: postgresDialect,
    connect: (address, login, expectations, signal) => connectApp(address, login, expectations, appOptions, signal),
    open: (address, login, openOptions) => new PostgresDatabase(address, login, library, openOptions),
  };
}
