import type { Route } from './route.ts';

/** A primitive that stands for a tenant, see `cacheKey`. */
export type LookupKey = number | string;

/** A slot's 32-bit cells: mapping id, low and high half of the epoch, and the shard's number with the mark in bit 0. */
const cellsPerSlot = 4;
const firstSlots = 1024;
/** More shards than any fleet has; a source that makes up shard ids without end must not fill the memory. */
const mostShards = 65_536;

/**
 * A bounded map from keys to routes. A route takes one slot of packed cells instead of an object of its own, so a
 * million of them cost the garbage collector nothing to walk. Where it is full, the hand of a clock goes round the
 * slots and drops the first route that was not used since it passed last.
 */
export class LookupTable {
  readonly #capacity: number;
  readonly #shardIds: string[] = [];
  readonly #shardNumbers = new Map<string, number>();
  #slots = new Map<LookupKey, number>();
  /** The key of each slot that was ever used; freed ones keep theirs until they are used again. */
  #keys: LookupKey[] = [];
  #freeSlots: number[] = [];
  #cells = new Int32Array(firstSlots * cellsPerSlot);
  #hand = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many routes it holds; never more than its capacity. */
  get size(): number {
    return this.#slots.size;
  }

  get(key: LookupKey): Route | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    const cells = this.#cells;
    const at = slot * cellsPerSlot;
    const shardAndMark = cells[at + 3] as number;
    if ((shardAndMark & 1) === 0) cells[at + 3] = shardAndMark | 1;
    const epochLow = cells[at + 1] as number;
    const epochHigh = cells[at + 2] as number;
    // An epoch is small nearly always, and a small integer costs no number object.
    const epoch = epochHigh === 0 && epochLow >= 0 ? epochLow : epochHigh * 2 ** 32 + (epochLow >>> 0);
    return { mappingId: cells[at] as number, shardId: this.#shardIds[shardAndMark >> 1] as string, epoch };
  }

  /** Holds a route from now on, in place of another of this key and, where it is full, of one that was long unused. */
  set(key: LookupKey, route: Route): void {
    const shardNumber = this.#shardNumber(route.shardId);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#takeSlot();
      this.#slots.set(key, slot);
      this.#keys[slot] = key;
    }
    const at = slot * cellsPerSlot;
    this.#cells[at] = route.mappingId;
    this.#cells[at + 1] = route.epoch % 2 ** 32;
    this.#cells[at + 2] = route.epoch / 2 ** 32;
    this.#cells[at + 3] = (shardNumber << 1) | 1;
  }

  delete(key: LookupKey): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#freeSlots.push(slot);
  }

  clear(): void {
    this.#slots = new Map();
    this.#keys = [];
    this.#freeSlots = [];
    this.#cells = new Int32Array(firstSlots * cellsPerSlot);
    this.#hand = 0;
  }

  #shardNumber(shardId: string): number {
    let number = this.#shardNumbers.get(shardId);
    if (number === undefined) {
      if (this.#shardIds.length >= mostShards) this.#forgetShards();
      number = this.#shardIds.push(shardId) - 1;
      this.#shardNumbers.set(shardId, number);
    }
    return number;
  }

  #forgetShards(): void {
    this.clear();
    this.#shardIds.length = 0;
    this.#shardNumbers.clear();
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    if (this.#slots.size >= this.#capacity) return this.#evict();
    const slot = this.#keys.length;
    if ((slot + 1) * cellsPerSlot > this.#cells.length) this.#grow();
    return slot;
  }

  #grow(): void {
    const slots = Math.min(this.#capacity, (this.#cells.length / cellsPerSlot) * 2);
    const cells = new Int32Array(slots * cellsPerSlot);
    cells.set(this.#cells);
    this.#cells = cells;
  }

  /** Only when every slot is taken: the slot that becomes free. */
  #evict(): number {
    for (;;) {
      const slot = this.#hand;
      this.#hand = (slot + 1) % this.#capacity;
      const at = slot * cellsPerSlot + 3;
      const shardAndMark = this.#cells[at] as number;
      if ((shardAndMark & 1) === 0) {
        this.#slots.delete(this.#keys[slot] as LookupKey);
        return slot;
      }
      this.#cells[at] = shardAndMark & ~1;
    }
  }
}
