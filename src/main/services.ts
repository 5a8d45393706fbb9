import type { Services } from '../cli/services.ts';
import type { Engines } from './engines.ts';

/** What the command line works with. */
export function createServices(engines: Engines): Services {
  return {
    now: () => new Date(),
    openDatabase: (address, login) => engines.byName(address.engine).open(address, login),
  };
}
