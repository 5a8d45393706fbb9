import type { Clock } from '../src/core/clock.ts';
import type { LookupKey } from './lookup-table.ts';

/** Keys that lately had no mapping: few and short-lived, because no shard is there to say that they have one by now. */
export class NegativeEntries {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #lifetimeMs: number;
  /** When each ends, in the order of their ends. */
  readonly #ends = new Map<LookupKey, number>();

  constructor(clock: Clock, capacity: number, lifetimeMs: number) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#lifetimeMs = lifetimeMs;
  }

  has(key: LookupKey): boolean {
    const end = this.#ends.get(key);
    if (end === undefined) return false;
    if (this.#clock.now() < end) return true;
    this.#ends.delete(key);
    return false;
  }

  add(key: LookupKey): void {
    this.#ends.delete(key);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size < this.#capacity) break;
      this.#ends.delete(oldest);
    }
    this.#ends.set(key, this.#clock.now() + this.#lifetimeMs);
  }

  delete(key: LookupKey): void {
    this.#ends.delete(key);
  }

  clear(): void {
    this.#ends.clear();
  }
}
