import type { SqlSession } from '../src/core/session.ts';
import { greatestNumber, type SignedNumbers } from '../src/core/shard-signer.ts';
import { catalogUnavailable } from './sql-catalog.ts';
import { unlessVictim } from './unless-victim.ts';

/** What the catalog knows to be the latest that was signed for each shard: every process hears it with the shard's address. */
export class LatestNumberStore {
  readonly #catalog: SqlSession;
  readonly #machineMs: () => number;

  /** `machineMs` is the time by this machine's clock, in milliseconds since 1970. */
  constructor(catalog: SqlSession, machineMs: () => number = Date.now) {
    this.#catalog = catalog;
    this.#machineMs = machineMs;
  }

  /**
   * Keeps these, each unless a later one is known that could be made by now, by the shard's clock or the machine's. Throws
   * CATALOG_UNAVAILABLE.
   */
  async note(shardId: string, { numbers, nowMs }: SignedNumbers): Promise<void> {
    const parameters = { shardId, ...numbers, greatest: greatestNumber(Math.max(nowMs, this.#machineMs())) };
    await catalogUnavailable(unlessVictim(() => this.#catalog.run('catalog/note-latest', parameters)));
  }
}
