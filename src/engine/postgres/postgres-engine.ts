import { systemClock, type Clock } from '../../core/clock.ts';
import type { Engine } from '../engine.ts';
import { connectApp } from './connect-app.ts';
import { postgresCapabilities } from './server-version.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { QueryLibrary } from './query-library.ts';

/** What the engine may be given instead of its own. */
export interface PostgresEngineOptions {
  readonly library?: QueryLibrary;
  readonly clock?: Clock;
}

/** PostgreSQL, versions 15 and later. */
export function createPostgresEngine(options: PostgresEngineOptions = {}): Engine {
  const { library = new QueryLibrary(), clock = systemClock } = options;
  return {
    name: 'postgres',
    capabilitiesOf: postgresCapabilities,
    contextForms: ['plain', 'mac', 'guarded'],
    watchesApart: true,
    dialect: postgresDialect,
    // Its driver is small, and loaded with this module.
    load: () => Promise.resolve(),
    connect: (address, login, expectations, signal) => connectApp(address, login, expectations, { library, clock }, signal),
    open: (address, login, openOptions) => openPostgresDatabase(address, login, { library, clock }, openOptions),
  };
}
