/** An end of a range: all numbers or all strings in one collection, ordered by `<`. */
export type Bound = number | string;

/** `[low, high)`; without `high` it has no upper end. */
export interface Range {
  readonly low: Bound;
  readonly high: Bound | undefined;
  /** Set when the range is found, cleared when the clock's hand passes. */
  used: boolean;
}

/** Few enough that an insertion moves little, many enough that a million ranges need no third level. */
const mostPerBlock = 512;

/**
 * A bounded collection of ranges that do not overlap, in order, found by binary search. Two levels: a list of sorted
 * blocks, so that an insertion among a million moves at most a block and the list of blocks.
 */
export class SortedRanges<R extends Range> {
  readonly #capacity: number;
  /** Never an empty one. */
  readonly #blocks: R[][] = [];
  #size = 0;
  #handBlock = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** The range that contains a point. */
  find(point: Bound): R | undefined {
    const range = this.#lastNotAfter(point);
    if (range === undefined || (range.high !== undefined && point >= range.high)) return undefined;
    range.used = true;
    return range;
  }

  /** The ranges that share a point with `[low, high)`, in order. */
  overlapping(low: Bound, high: Bound | undefined): R[] {
    const found: R[] = [];
    const first = this.#lastNotAfter(low);
    if (first !== undefined && (first.high === undefined || low < first.high)) found.push(first);
    for (const range of this.#after(low)) {
      if (high !== undefined && range.low >= high) break;
      found.push(range);
    }
    return found;
  }

  /** The nearest range that begins at or before a point, whether it contains it or not. */
  before(point: Bound): R | undefined {
    return this.#lastNotAfter(point);
  }

  /** Adds a range that overlaps no other; where it is full, one that was long unused goes. */
  insert(range: R): void {
    if (this.#size >= this.#capacity) this.#evict();
    const blockIndex = Math.max(0, this.#blockIndex(range.low));
    const block = this.#blocks[blockIndex];
    this.#size += 1;
    if (block === undefined) {
      this.#blocks.push([range]);
      return;
    }
    block.splice(lastNotAfter(block, range.low) + 1, 0, range);
    if (block.length > mostPerBlock) this.#blocks.splice(blockIndex + 1, 0, block.splice(block.length / 2));
  }

  /** Removes a range that is in here. */
  remove(range: R): void {
    const blockIndex = this.#blockIndex(range.low);
    const block = this.#blocks[blockIndex];
    const index = block?.indexOf(range) ?? -1;
    if (block === undefined || index === -1) return;
    this.#removeAt(blockIndex, block, index);
  }

  #removeAt(blockIndex: number, block: R[], index: number): void {
    block.splice(index, 1);
    this.#size -= 1;
    if (block.length === 0) this.#blocks.splice(blockIndex, 1);
  }

  /** The clock's hand goes from block to block and drops the first range that was not used since it passed last. */
  #evict(): void {
    for (;;) {
      if (this.#handBlock >= this.#blocks.length) this.#handBlock = 0;
      const block = this.#blocks[this.#handBlock];
      if (block === undefined) return;
      const index = block.findIndex((range) => !range.used);
      if (index !== -1) return this.#removeAt(this.#handBlock, block, index);
      for (const range of block) range.used = false;
      this.#handBlock += 1;
    }
  }

  #lastNotAfter(point: Bound): R | undefined {
    const block = this.#blocks[this.#blockIndex(point)];
    return block?.[lastNotAfter(block, point)];
  }

  *#after(point: Bound): Generator<R> {
    let blockIndex = Math.max(0, this.#blockIndex(point));
    let index = lastNotAfter(this.#blocks[blockIndex] ?? [], point) + 1;
    for (; blockIndex < this.#blocks.length; blockIndex += 1, index = 0) {
      yield* (this.#blocks[blockIndex] ?? []).slice(index);
    }
  }

  /** Of the last block that begins at or before the point; -1 where none does. */
  #blockIndex(point: Bound): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#blocks[middle]?.[0];
      if (first !== undefined && first.low <= point) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Index of the last range that begins at or before the point; -1 where none does. */
function lastNotAfter(ranges: readonly Range[], point: Bound): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range !== undefined && range.low <= point) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
