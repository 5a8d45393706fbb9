import { TenantryError } from '../src/core/errors.ts';
import type { Row, SqlDatabase, SqlSession } from '../src/core/session.ts';
import { fleetKeyName } from './mapping-token.ts';
import type { FleetKeys } from './shard-signer.ts';
import { catalogUnavailable } from './sql-catalog.ts';
import { unlessVictim } from './unless-victim.ts';

/** Why the configured fleet keys are not those of the fleet, and what to do; neither has a full stop. */
export interface WrongFleetKey {
  readonly text: string;
  readonly advice: string;
}

/** The names of the configured keys. */
interface ConfiguredNames {
  readonly current: string;
  readonly previous: string | undefined;
}

/**
 * The fleet's keys as the catalog has them, by name: one, and two from the beginning of a rotation to its end. Who lacks one of them would
 * write what others do not know, and not know what they write. Every method throws CATALOG_UNAVAILABLE.
 */
export class FleetKeyNames {
  readonly #catalog: SqlDatabase;
  readonly configured: ConfiguredNames;

  constructor(catalog: SqlDatabase, { current, previous }: FleetKeys) {
    this.#catalog = catalog;
    this.configured = { current: fleetKeyName(current), previous: previous === undefined ? undefined : fleetKeyName(previous) };
  }

  /** Those of the fleet, the oldest first. */
  async list(): Promise<string[]> {
    return namesIn(this.#catalog);
  }

  /** Undefined where the configured keys are the fleet's. */
  async objection(): Promise<WrongFleetKey | undefined> {
    return objectionTo(this.configured, await this.list());
  }

  /** Throws INVALID_CONFIGURATION where the configured keys are not the fleet's. */
  async require(): Promise<void> {
    const wrong = await this.objection();
    if (wrong !== undefined) throw new TenantryError('INVALID_CONFIGURATION', describeWrongKey(wrong));
  }

  /** The same where the current one is not: what it made would be known where it is configured alone. */
  async requireToWrite(): Promise<void> {
    const names = await this.list();
    const wrong = objectionTo(this.configured, names) ?? objectionToWriting(this.configured, names);
    if (wrong !== undefined) throw new TenantryError('INVALID_CONFIGURATION', describeWrongKey(wrong));
  }

  /** The current key is one of the fleet's from now on. */
  async add(): Promise<void> {
    await this.#change((session) => addTo(session, this.configured.current));
  }

  /** The same where the catalog names none. */
  async addFirst(): Promise<void> {
    await this.#change(async (session) => {
      await session.run('catalog/lock-install');
      if ((await namesIn(session)).length === 0) await addTo(session, this.configured.current);
    });
  }

  /** The key of that name is the fleet's no more; the current one is. */
  async replace(name: string): Promise<void> {
    await this.#change(async (session) => {
      await addTo(session, this.configured.current);
      await session.run('catalog/delete-fleet-key', { name });
    });
  }

  async #change(work: (session: SqlSession) => Promise<void>): Promise<void> {
    await catalogUnavailable(unlessVictim(() => this.#catalog.transaction(work)));
  }
}

async function namesIn(session: Pick<SqlSession, 'run'>): Promise<string[]> {
  const { rows } = await catalogUnavailable(unlessVictim(() => session.run<Row & { name: string }>('catalog/list-fleet-keys')));
  return rows.map(({ name }) => name);
}

async function addTo(session: SqlSession, name: string): Promise<void> {
  await session.run('catalog/add-fleet-key', { name });
}

/** Both, as a sentence. */
export function describeWrongKey({ text, advice }: WrongFleetKey): string {
  return `${text}: ${advice}.`;
}

function objectionTo({ current, previous }: ConfiguredNames, names: readonly string[]): WrongFleetKey | undefined {
  if (names.length === 0) return { text: 'The catalog names no key of the fleet', advice: 'run tenantry map create with the right one' };
  const missing = names.filter((name) => name !== current && name !== previous);
  if (missing.length === 0) return undefined;
  const configured = `fleetKey.current is ${current}, and fleetKey.previous ${previous ?? 'is not set'}`;
  const lost = `where nobody has ${missing.join(' and ')} any more, see docs/fleet-key.md`;
  if (names.length > 1)
    return {
      text: `The fleet's key is being rotated, and the catalog names ${names.join(' and ')}; ${configured}`,
      advice: `set both, one as fleetKey.current and the other as fleetKey.previous, until key rotate has ended; ${lost}`,
    };
  return {
    text: `The fleet's key is ${names.join()}; ${configured}`,
    advice: `set fleetKey.current to the fleet's key or, where that is being replaced, fleetKey.previous; ${lost}`,
  };
}

function objectionToWriting({ current, previous }: ConfiguredNames, names: readonly string[]): WrongFleetKey | undefined {
  if (names.includes(current)) return undefined;
  return {
    text: `The fleet's key is ${names.join()}, which is fleetKey.previous here; fleetKey.current is ${current}, and not the fleet's yet`,
    advice: `run tenantry key rotate first, where ${current} is to replace it everywhere, or set fleetKey.current to ${previous ?? names.join()}`,
  };
}
