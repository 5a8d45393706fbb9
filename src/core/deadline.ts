import type { Clock } from './clock.ts';
import { TenantryError } from './errors.ts';

/** Node fires a timer of more milliseconds at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * The moment by which a request must have its answer, together with the caller's wish to give up earlier. Costs one
 * reading of the clock; timers exist only while something is raced against it.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #limitMs: number;
  /** The caller's own signal, if any: aborted means cancelled, not timed out. */
  readonly callerSignal: AbortSignal | undefined;

  /** `limitMs` from now on; Infinity for no limit. */
  constructor(clock: Clock, limitMs: number, callerSignal?: AbortSignal) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#startedAt = clock.now();
    this.callerSignal = callerSignal;
  }

  /** Milliseconds since it was set. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  /** Milliseconds left, never below 0. */
  get remainingMs(): number {
    return Math.max(0, this.#limitMs - this.elapsedMs);
  }

  /** Throws CANCELLED or TIMEOUT where the time is over. `work` completes "... was not finished", such as `The lookup`. */
  check(work: string): void {
    if (this.callerSignal?.aborted === true) throw this.#cancelled(work);
    if (this.remainingMs === 0) throw this.#expired(work);
  }

  /**
   * The promise's own outcome, or CANCELLED or TIMEOUT if that comes first. Does not stop the work: give it `signal`
   * from `bound` where it can be stopped.
   */
  race<T>(work: string, promise: Promise<T>): Promise<T> {
    // Where the deadline is over already nobody waits for the promise, and its failure is nobody's any more.
    promise.catch(() => undefined);
    return this.bound(work, () => promise);
  }

  /** Like `race`, for work that can be stopped: its signal aborts when the deadline ends or the caller gives up. */
  async bound<T>(work: string, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.check(work);
    const controller = new AbortController();
    const ended = Promise.withResolvers<never>();
    const end = (error: TenantryError): void => {
      ended.reject(error);
      controller.abort(error);
    };
    const onAbort = (): void => end(this.#cancelled(work));
    this.callerSignal?.addEventListener('abort', onAbort, { once: true });
    const remainingMs = this.remainingMs;
    const stopTimer = remainingMs <= longestTimerMs ? this.#clock.after(remainingMs, () => end(this.#expired(work))) : undefined;
    try {
      return await Promise.race([start(controller.signal), ended.promise]);
    } finally {
      stopTimer?.();
      this.callerSignal?.removeEventListener('abort', onAbort);
    }
  }

  #expired(work: string): TenantryError {
    return new TenantryError('TIMEOUT', `${work} was not finished within ${this.#limitMs} ms.`);
  }

  #cancelled(work: string): TenantryError {
    return new TenantryError('CANCELLED', `${work} was not finished.`, { cause: this.callerSignal?.reason });
  }
}
