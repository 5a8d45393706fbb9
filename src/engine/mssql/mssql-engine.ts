import { systemClock, type Clock } from '../../core/clock.ts';
import type { Engine } from '../engine.ts';
import { connectApp } from './connect-app.ts';
import { loadDriver } from './driver.ts';
import { mssqlCapabilities } from './mssql-capabilities.ts';
import { openMssqlDatabase } from './mssql-database.ts';
import { mssqlDialect } from './mssql-dialect.ts';
import { QueryLibrary } from './query-library.ts';

/** What the engine may be given instead of its own. */
export interface MssqlEngineOptions {
  readonly library?: QueryLibrary;
  readonly clock?: Clock;
}

/** SQL Server, versions 2019 and later, and Azure SQL Database. */
export function createMssqlEngine(options: MssqlEngineOptions = {}): Engine {
  const { library = new QueryLibrary(), clock = systemClock } = options;
  return {
    name: 'mssql',
    capabilitiesOf: mssqlCapabilities,
    // Its read-only keys need no right that somebody would have to grant, and so no code.
    contextForms: ['plain', 'guarded'],
    watchesApart: false,
    dialect: mssqlDialect,
    load: async () => void (await loadDriver()),
    connect: (address, login, expectations, signal) => connectApp(address, login, expectations, { library, clock }, signal),
    open: (address, login, openOptions) => openMssqlDatabase(address, login, { library, clock }, openOptions),
  };
}
