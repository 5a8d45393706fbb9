import { TenantryError } from '../core/errors.ts';
import { createPostgresEngine } from '../engine/postgres/postgres-engine.ts';

type PostgresEngine = ReturnType<typeof createPostgresEngine>;

/** The engines of this program by name; the only place that knows concrete ones. */
export interface Engines {
  /** Throws INVALID_CONFIGURATION for a name that no engine has. */
  byName(name: string): PostgresEngine;
}

/** Every engine that Tenantry has. */
export function createEngines(): Engines {
  const engines = new Map([createPostgresEngine()].map((engine) => [engine.name, engine]));
  return {
    byName: (name) => {
      const engine = engines.get(name);
      if (engine === undefined)
        throw new TenantryError('INVALID_CONFIGURATION', `The engine must be one of ${[...engines.keys()].join(', ')}.`);
      return engine;
    },
  };
}
