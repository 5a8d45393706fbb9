import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';

/** The time that one transaction may take. */
export class TransactionLimit {
  readonly #clock: Clock;
  readonly #limitMs: number;
  #error: TenantryError | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** TIMEOUT, once the time was over before the work. */
  get error(): TenantryError | undefined {
    return this.#error;
  }

  /** The outcome of the work, or `error` if the time is over first; the work's own end is nobody's then. */
  async race<T>(work: () => Promise<T>): Promise<T> {
    const over = Promise.withResolvers<never>();
    const stopTimer = this.#clock.after(this.#limitMs, () => {
      this.#error = new TenantryError('TIMEOUT', `The transaction had not ended after ${this.#limitMs} ms and was rolled back.`);
      over.reject(this.#error);
    });
    try {
      return await Promise.race([work(), over.promise]);
    } finally {
      stopTimer();
    }
  }
}
