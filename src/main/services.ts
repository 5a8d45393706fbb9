import type { Services } from '../cli/services.ts';
import type { Clock } from '../core/clock.ts';
import { openAdministration } from './administration.ts';
import { fleetKeyName } from '../../shardmap/mapping-token.ts';
import { installCatalog } from './catalog.ts';
import { openCatalogDatabase } from './catalog-access.ts';
import { diagnose } from './diagnosis/diagnose.ts';
import { engineOf, type Engines } from './engines.ts';
import { inspectDatabase } from './inspection/inspect-policies.ts';
import { testOnScratch } from './policies/cases.ts';
import { createPreparation } from './preparation.ts';
import { serve } from './service.ts';
import { createShardPolicies } from './policies/shard.ts';
import type { OnTrouble } from './trouble.ts';

/** What the command line is joined from. */
export interface ServicesParts {
  readonly engines: Engines;
  readonly clock: Clock;
  readonly now: () => Date;
  /** Told of what does not keep a command from its end. */
  readonly warn: (text: string) => void;
}

/** What the command line works with. */
export function createServices(parts: ServicesParts): Services {
  const { engines, clock, now, warn } = parts;
  return {
    now,
    openDatabase: (address, login) => engineOf(engines, address).open(address, login, { serverNamesOnly: true }),
    defaultSchema: (engine) => engineOf(engines, { engine }).dialect.defaultSchema,
    installCatalog: async (settings, dryRun) => {
      const database = openCatalogDatabase(engines, settings);
      try {
        return await installCatalog(database, fleetKeyName(settings.fleetKey.current), dryRun);
      } finally {
        await database.close();
      }
    },
    openAdministration: (settings) => openAdministration({ engines, clock, onTrouble: warnOf(warn) }, settings),
    preparation: createPreparation(engines),
    policies: createShardPolicies(parts),
    inspectDatabase: async (address, login) => {
      const engine = engineOf(engines, address);
      const database = engine.open(address, login, { serverNamesOnly: true });
      try {
        return await inspectDatabase(database, engine, address.engine);
      } finally {
        await database.close();
      }
    },
    testOnScratch: (settings, place, run) => testOnScratch(engines, settings, place, run),
    diagnose: (settings) => diagnose(parts, settings),
    serve: (settings, options) => serve(parts, settings, options),
  };
}

/** A command ends before Redis would be back: only that it fails is worth a word. */
function warnOf(warn: ServicesParts['warn']): OnTrouble {
  return ({ state }) => {
    if (state === 'failing') warn('Redis cannot be reached: caches of other processes learn of the change from the shards.');
  };
}
