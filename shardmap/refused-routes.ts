import type { LookupKey } from './lookup-table.ts';

/** Newest epoch that a shard refused, for keys whose new route is not known yet: a shared cache may still hold the old one. */
export class RefusedRoutes {
  readonly #capacity: number;
  readonly #epochs = new Map<LookupKey, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Where it is full the oldest entry goes, and its key may be refused once more. */
  add(key: LookupKey, epoch: number): void {
    const newest = Math.max(epoch, this.#epochs.get(key) ?? epoch);
    this.#epochs.delete(key);
    for (const oldest of this.#epochs.keys()) {
      if (this.#epochs.size < this.#capacity) break;
      this.#epochs.delete(oldest);
    }
    this.#epochs.set(key, newest);
  }

  /** Whether a route of this epoch may be tried. */
  allows(key: LookupKey, epoch: number): boolean {
    const refused = this.#epochs.get(key);
    return refused === undefined || epoch > refused;
  }

  delete(key: LookupKey): void {
    this.#epochs.delete(key);
  }
}
