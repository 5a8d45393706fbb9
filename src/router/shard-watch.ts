import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import type { Turns } from '../core/turns.ts';
import type { RouterLimits } from './limits.ts';
import type { ShardEye, ShardSight } from './shard-eye.ts';

/** Milliseconds from the end of one look to the next; of a shard without an answer, which others may wait for. */
const everyMs = 1_000;
const unansweredMs = 5_000;
/** Until an unfit shard is checked again although nothing that a look sees has changed. */
const unfitMs = 5_000;

/**
 * How a look at a shard ended. `checked`: all that protects it was compared, and is as it was accepted; `unanswered`: it did not end, and
 * what the router knows of the shard stays as it is.
 */
export type LookOutcome = 'same' | 'checked' | 'changed' | 'unfit' | 'unanswered';

/** What watching one shard takes, and what it does. */
export interface ShardWatchParts {
  readonly open: () => ShardEye;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /**
   * Milliseconds: that a connection may take to be opened and checked; from one comparison of all that protects the shard to the next; for
   * which connections are taken to be what they were while no look is answered.
   */
  readonly limits: Pick<RouterLimits, 'connectTimeoutMs' | 'protectionSweepMs' | 'unwatchedMs'>;
  /** Of all shards of the process. */
  readonly turns: Turns;
  /** Whether it matters still; where it does not, and the shard is fit, nobody looks until `start`. */
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
 * as for a new one. So it is, and connections go on, after a change that was noted, and now and again in any case, for what neither a look nor
 * a trigger sees. One look at a time: a shard that stands still has none pile up, and after a while none of its connections is relied upon.
 */
export class ShardWatch {
  readonly #parts: ShardWatchParts;
  #eye: ShardEye | undefined;
  /** What was seen before the shard was last checked; undefined: it was not, or there was no answer to that. */
  #seen: ShardSight | undefined;
  /** Nobody has looked since `start`. */
  #isFirst = false;
  /** It was checked last, and may serve nobody. */
  #isUnfit = false;
  /** When the shard is checked although a look sees the same. */
  #checkAt = 0;
  #callOffGuard: (() => void) | undefined;
  #callOff: (() => void) | undefined;
  #isClosed = false;
  readonly #closing = new AbortController();

  constructor(parts: ShardWatchParts) {
    this.#parts = parts;
  }

  /** Looks from now on; at once for the first time, and checks the shard then. */
  start(): void {
    if (this.#eye !== undefined || this.#isClosed) return;
    this.#eye = this.#parts.open();
    this.#isFirst = true;
    this.#guard();
    this.#lookIn(0);
  }

  /** Whether nobody looks until `start`. */
  get isAtRest(): boolean {
    return this.#eye === undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    await this.#rest();
  }

  async #rest(): Promise<void> {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#callOffGuard?.();
    this.#callOffGuard = undefined;
    this.#seen = undefined;
    const eye = this.#eye;
    this.#eye = undefined;
    await eye?.close();
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return;
    this.#callOff = this.#parts.clock.after(this.#sooner(ms), () => void this.#turn(), 'background');
  }

  /** A little sooner each time, so that the processes of a fleet do not come together. */
  #sooner(ms: number): number {
    return ms * (1 - this.#parts.random() / 10);
  }

  /** From now on it counts how long no look is answered. */
  #guard(): void {
    const { changed, clock, limits } = this.#parts;
    this.#callOffGuard?.();
    const callOff = clock.after(
      limits.unwatchedMs,
      () => {
        // Each connection that is opened instead passes the whole check.
        changed();
        this.#guard();
      },
      'background',
    );
    this.#callOffGuard = callOff;
  }

  async #turn(): Promise<void> {
    const { ended, isWanted, turns } = this.#parts;
    const eye = this.#eye;
    if (eye === undefined) return;
    if (!this.#isFirst && !this.#isUnfit && !isWanted()) return this.#rest();
    this.#isFirst = false;
    const outcome = await turns.take(() => this.#look(eye));
    if (this.#eye !== eye) return;
    if (outcome !== 'unanswered') this.#guard();
    ended(outcome);
    this.#lookIn(outcome === 'unanswered' ? unansweredMs : everyMs);
  }

  async #look(eye: ShardEye): Promise<LookOutcome> {
    const { changed, clock } = this.#parts;
    let sight: ShardSight;
    try {
      sight = await eye.look();
    } catch (error) {
      // Whether a shard is there at all its calls find out, and the breaker with them. Of one that was removed nobody waits for the end.
      if (error instanceof TenantryError && error.code === 'NOT_FOUND') this.#isUnfit = false;
      return 'unanswered';
    }
    const { state, noted } = this.#seen ?? {};
    if (sight.state === state && sight.noted === noted && clock.now() < this.#checkAt) return 'same';
    if (this.#eye !== eye) return 'unanswered';
    const isOther = state !== undefined && sight.state !== state;
    if (isOther) changed();
    this.#seen = undefined;
    const found = await this.#check(eye);
    if (found === undefined) return 'unanswered';
    const isNews = isOther || this.#isUnfit;
    this.#seen = sight;
    this.#isUnfit = found === 'unfit';
    this.#checkAt = clock.now() + this.#sooner(this.#isUnfit ? unfitMs : this.#parts.limits.protectionSweepMs);
    if (this.#isUnfit) return 'unfit';
    return isNews ? 'changed' : 'checked';
  }

  /** Tells what all that protects the shard comes to; undefined: there was no answer. */
  async #check(eye: ShardEye): Promise<'fit' | 'unfit' | undefined> {
    const { fit, unfit } = this.#parts;
    const failure = await this.#verify(eye);
    if (this.#eye !== eye) return undefined;
    if (failure === undefined) {
      fit();
      return 'fit';
    }
    if (!(failure instanceof TenantryError) || failure.code !== 'SHARD_UNVERIFIED') return undefined;
    unfit(failure);
    return 'unfit';
  }

  /** What kept a connection from being opened. */
  async #verify(eye: ShardEye): Promise<unknown> {
    const attempt = new AbortController();
    const stopTimer = this.#parts.clock.after(this.#parts.limits.connectTimeoutMs, () => attempt.abort());
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
