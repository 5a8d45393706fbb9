import type { Clock } from './clock.ts';
import { longestTimerMs, type Deadline } from './deadline.ts';
import { TenantryError } from './errors.ts';

/** When who was refused may come again, where others wait without limit. */
const longestRetryAfterMs = 600_000;

interface Waiter<T> {
  give(value: T): void;
  fail(error: Error): void;
}

/** How long and how full a queue may be. */
export interface WaitQueueLimits {
  /** Waiters at the same time; one more is OVERLOADED at once. */
  readonly waiting: number;
  /** Milliseconds to wait before OVERLOADED, where the deadline does not end sooner; `Infinity`: no limit but the deadline's. */
  readonly waitMs: number;
}

/** First come, first served, for something that is handed over. Bounded in number and time; who gives up leaves at once. */
export class WaitQueue<T> {
  readonly #waiters = new Set<Waiter<T>>();
  readonly #clock: Clock;
  readonly #limits: WaitQueueLimits;
  readonly #what: string;
  #holdUp: TenantryError | undefined;

  /** `what` is waited for, as messages call it: `a connection to the shard`. */
  constructor(clock: Clock, limits: WaitQueueLimits, what: string) {
    this.#clock = clock;
    this.#limits = limits;
    this.#what = what;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /** Why nothing comes for now, although it will. */
  get holdUp(): TenantryError | undefined {
    return this.#holdUp;
  }

  /**
   * While there is one, everybody waits as long as his own deadline lets him, however long `waitMs` is, and is told this error
   * where the deadline ends first.
   */
  set holdUp(reason: TenantryError | undefined) {
    this.#holdUp = reason;
  }

  /** Settles by `give` or `fail`; rejects with OVERLOADED, TIMEOUT or CANCELLED, or with what holds everybody up. */
  wait(deadline: Deadline): Promise<T> {
    return new Promise((resolve, reject) => {
      const { waiting, waitMs } = this.#limits;
      deadline.check(`Waiting for ${this.#what}`);
      if (this.#waiters.size >= waiting) {
        throw this.#holdUp ?? this.#overloaded(`${waiting} calls wait for ${this.#what} already.`);
      }
      let stopTimer = (): void => undefined;
      const settle = (): void => {
        this.#waiters.delete(waiter);
        stopTimer();
        deadline.callerSignal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter<T> = {
        give: (value) => {
          settle();
          resolve(value);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.fail(this.#cancelled(deadline));
      const within = (mostMs: number): void => {
        const { remainingMs } = deadline;
        const ms = Math.min(remainingMs, mostMs, longestTimerMs);
        stopTimer = this.#clock.after(ms, () => {
          if (ms === remainingMs) waiter.fail(this.#holdUp ?? this.#late());
          else if (ms === mostMs && this.#holdUp === undefined)
            waiter.fail(this.#overloaded(`There was none for ${waitMs} ms: ${this.#what}.`));
          else within(Infinity);
        });
      };
      within(waitMs);
      deadline.callerSignal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Hands a value to whoever has waited longest; `false` where nobody waits. */
  give(value: T): boolean {
    const first = this.#first();
    first?.give(value);
    return first !== undefined;
  }

  /** Rejects whoever has waited longest. */
  failFirst(error: Error): void {
    this.#first()?.fail(error);
  }

  /** Rejects everybody. */
  failAll(error: Error): void {
    for (const waiter of this.#waiters) waiter.fail(error);
  }

  #first(): Waiter<T> | undefined {
    return this.#waiters.values().next().value;
  }

  #overloaded(detail: string): TenantryError {
    return new TenantryError('OVERLOADED', detail, { retryAfterMs: Math.min(this.#limits.waitMs, longestRetryAfterMs) });
  }

  #late(): TenantryError {
    return new TenantryError('TIMEOUT', `The time was over while the call waited for ${this.#what}.`);
  }

  #cancelled(deadline: Deadline): TenantryError {
    return new TenantryError('CANCELLED', `The call waited for ${this.#what}.`, { cause: deadline.callerSignal?.reason });
  }
}
