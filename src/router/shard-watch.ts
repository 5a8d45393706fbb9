import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import type { Turns } from '../core/turns.ts';
import type { ShardEye } from './shard-eye.ts';

/** Milliseconds from the end of one look to the next; of a shard without an answer, which others may wait for. */
const everyMs = 1_000;
const unansweredMs = 5_000;

/** How a look at a shard ended: `unanswered`: it did not, and what the router knows of the shard stays as it is. */
export type LookOutcome = 'same' | 'changed' | 'unfit' | 'unanswered';

/** What watching one shard takes, and what it does. */
export interface ShardWatchParts {
  readonly open: () => ShardEye;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds that a connection may take to be opened and checked. */
  readonly connectTimeoutMs: number;
  /** Of all shards of the process. */
  readonly turns: Turns;
  /** Whether it matters still; where it does not, nobody looks until `start`. */
  readonly isWanted: () => boolean;
  /** What was checked when connections were opened may not hold any more. */
  readonly changed: () => void;
  /** The shard was checked, as a new connection is: fit to serve. */
  readonly fit: () => void;
  /** Or not: SHARD_UNVERIFIED, with what was changed. */
  readonly unfit: (error: TenantryError) => void;
  readonly ended: (outcome: LookOutcome) => void;
}

/**
 * Looks at one shard every second, while it is in use, for what no trigger of its database sees. What was checked on each open connection
 * is taken to hold for as long as the eye sees the same; once it does not, none of these connections is used again, and the shard is checked
 * as for a new one. One look at a time: a shard that stands still has none pile up.
 */
export class ShardWatch {
  readonly #parts: ShardWatchParts;
  #eye: ShardEye | undefined;
  /** What was seen before the shard was last checked; undefined: it was not, or there was no answer to that. */
  #seen: string | undefined;
  #callOff: (() => void) | undefined;
  #isClosed = false;
  readonly #closing = new AbortController();

  constructor(parts: ShardWatchParts) {
    this.#parts = parts;
  }

  /** Looks from now on; at once for the first time. */
  start(): void {
    if (this.#eye !== undefined || this.#isClosed) return;
    this.#eye = this.#parts.open();
    this.#lookIn(0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    await this.#rest();
  }

  async #rest(): Promise<void> {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#seen = undefined;
    const eye = this.#eye;
    this.#eye = undefined;
    await eye?.close();
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return;
    // A little sooner each time, so that the processes of a fleet do not come together.
    this.#callOff = this.#parts.clock.after(ms * (1 - this.#parts.random() / 10), () => void this.#turn(), 'background');
  }

  async #turn(): Promise<void> {
    const { ended, isWanted, turns } = this.#parts;
    const eye = this.#eye;
    if (eye === undefined) return;
    if (!isWanted()) return this.#rest();
    const outcome = await turns.take(() => this.#look(eye));
    if (this.#eye !== eye) return;
    ended(outcome);
    this.#lookIn(outcome === 'unanswered' ? unansweredMs : everyMs);
  }

  async #look(eye: ShardEye): Promise<LookOutcome> {
    const { changed, fit, unfit } = this.#parts;
    let state: string;
    try {
      state = await eye.look();
    } catch {
      // Whether a shard is there at all its calls find out, and the breaker with them.
      return 'unanswered';
    }
    if (state === this.#seen) return 'same';
    if (this.#eye !== eye) return 'unanswered';
    const isFirst = this.#seen === undefined;
    if (!isFirst) changed();
    this.#seen = undefined;
    const failure = await this.#verify(eye);
    if (this.#eye !== eye) return 'unanswered';
    if (failure === undefined) fit();
    else if (failure instanceof TenantryError && failure.code === 'SHARD_UNVERIFIED') unfit(failure);
    else return 'unanswered';
    this.#seen = state;
    if (failure !== undefined) return 'unfit';
    return isFirst ? 'same' : 'changed';
  }

  /** What kept a connection from being opened. */
  async #verify(eye: ShardEye): Promise<unknown> {
    const attempt = new AbortController();
    const stopTimer = this.#parts.clock.after(this.#parts.connectTimeoutMs, () => attempt.abort());
    try {
      await eye.verify(AbortSignal.any([attempt.signal, this.#closing.signal]));
      return undefined;
    } catch (error) {
      return error;
    } finally {
      stopTimer();
    }
  }
}
