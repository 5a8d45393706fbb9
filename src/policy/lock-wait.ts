import type { Clock } from '../core/clock.ts';
import { LockNotGiven } from '../engine/lock-not-given.ts';

/** How long the statements of one transaction may wait for locks, all in all: whoever comes meanwhile waits behind them. */
const longestMs = 1_000;

/** Counts how long a transaction has waited for locks. */
export class LockWait {
  /** What a statement may take that changes something, without being taken to have waited. */
  static readonly statementMs = 50;

  readonly #clock: Clock;
  #leftMs = longestMs;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a statement that may wait for so long; what it takes beyond `workMs` is gone for those after it. Throws TIMEOUT where nothing is
   * left.
   */
  async during<T>(workMs: number, statement: (patienceMs: number) => Promise<T>): Promise<T> {
    const patienceMs = Math.floor(this.#leftMs);
    if (patienceMs <= 0) throw new LockNotGiven(`Others held tables for more than ${longestMs} ms.`);
    const begun = this.#clock.now();
    try {
      return await statement(patienceMs);
    } finally {
      this.#leftMs -= Math.max(0, this.#clock.now() - begun - workMs);
    }
  }
}
