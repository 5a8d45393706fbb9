import { TenantryError } from '../src/core/errors.ts';
import { cacheKey, ownCacheKey, type KeyType, type TenantKey } from './key.ts';
import { decodeInt } from './key-encoding.ts';
import { LookupTable } from './lookup-table.ts';
import type { MappingKeys } from './mapping.ts';
import type { Route, RoutedKeys } from './route.ts';
import type { RouteTable } from './route-table.ts';
import { SortedRanges, type Bound, type Range } from './sorted-ranges.ts';

/** Of the capacity, so many keys have their route at hand without a search. */
const hotShare = 1 / 8;
/** More shards than any fleet has. */
const mostShardIds = 65_536;

/**
 * Routes of a range map: sorted ranges, and before them a table of the keys that are in use, so that a hot key costs
 * what it costs in a list map. Whatever replaces or drops a range empties that table; it fills again by searching.
 */
export class RangeRoutes implements RouteTable {
  readonly #keyType: KeyType;
  readonly #ranges: SortedRanges<RouteRange>;
  readonly #hot: LookupTable;
  /** One string for each shard, whatever rows it came with. */
  readonly #shardIds = new Map<string, string>();

  constructor(keyType: KeyType, capacity: number) {
    this.#keyType = keyType;
    this.#ranges = new SortedRanges(capacity);
    this.#hot = new LookupTable(Math.ceil(capacity * hotShare));
  }

  get size(): number {
    return this.#ranges.size;
  }

  peek(id: unknown): Route | undefined {
    const key = cacheKey(this.#keyType, id);
    return key === undefined ? undefined : this.#hot.get(key);
  }

  get(key: TenantKey): Route | undefined {
    const own = ownCacheKey(key);
    const hot = this.#hot.get(own);
    if (hot !== undefined) return hot;
    const range = this.#ranges.find(this.#bound(key.bytes));
    if (range !== undefined) this.#hot.set(own, range);
    return range;
  }

  add({ keys, route }: RoutedKeys): void {
    const { low, high } = this.#ends(keys);
    const overlapping = this.#ranges.overlapping(low, high);
    if (overlapping.some((range) => range.epoch > route.epoch)) return;
    this.#drop(overlapping);
    this.#insert(low, high, route);
  }

  /** A shard names no ends, so only a known range can be corrected; what it says of another stays to be looked up. */
  learn(key: TenantKey, route: Route): void {
    const range = this.#ranges.find(this.#bound(key.bytes));
    if (range === undefined || range.epoch >= route.epoch) return;
    this.#drop([range]);
    if (range.mappingId === route.mappingId) this.#insert(range.low, range.high, route);
  }

  forget(key: TenantKey, route: Route): void {
    const range = this.#ranges.find(this.#bound(key.bytes));
    if (range !== undefined && range.epoch <= route.epoch) this.#drop([range]);
    // A range may have been dropped for want of room while its keys were still at hand.
    const own = ownCacheKey(key);
    const hot = this.#hot.get(own);
    if (hot !== undefined && hot.epoch <= route.epoch) this.#hot.delete(own);
  }

  invalidate(keys: MappingKeys, route: Route | undefined): void {
    const { low, high } = this.#ends(keys);
    this.#hot.clear();
    this.#drop(this.#ranges.overlapping(low, high).filter((range) => route === undefined || range.epoch < route.epoch));
  }

  #insert(low: Bound, high: Bound | undefined, route: Route): void {
    // Neighbours end where the next begins: one string serves both.
    const previous = this.#ranges.before(low);
    this.#ranges.insert(new RouteRange(previous?.high === low ? previous.high : low, high, { ...route, shardId: this.#shardId(route) }));
  }

  #shardId({ shardId }: Route): string {
    const known = this.#shardIds.get(shardId);
    if (known !== undefined) return known;
    if (this.#shardIds.size >= mostShardIds) this.#shardIds.clear();
    this.#shardIds.set(shardId, shardId);
    return shardId;
  }

  #drop(ranges: readonly RouteRange[]): void {
    if (ranges.length > 0) this.#hot.clear();
    for (const range of ranges) this.#ranges.remove(range);
  }

  #ends(keys: MappingKeys): { low: Bound; high: Bound | undefined } {
    if (keys.kind !== 'range') throw new TenantryError('INTERNAL', 'A range map holds range mappings only.');
    return { low: this.#bound(keys.low), high: keys.high === undefined ? undefined : this.#bound(keys.high) };
  }

  /** Numbers, or strings of one character a byte: both compare by `<` as the encoded keys do. */
  #bound(bytes: Uint8Array): Bound {
    if (this.#keyType !== 'int') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const bound = bytes.length === 0 ? -Infinity : decodeInt(bytes);
    if (bound === undefined) throw new TenantryError('INTERNAL', 'An end of a range of int keys has four bytes.');
    return bound;
  }
}

/** A range and where its keys live. */
class RouteRange implements Range, Route {
  readonly low: Bound;
  readonly high: Bound | undefined;
  readonly mappingId: number;
  readonly shardId: string;
  readonly epoch: number;
  used = true;

  constructor(low: Bound, high: Bound | undefined, route: Route) {
    this.low = low;
    this.high = high;
    this.mappingId = route.mappingId;
    this.shardId = route.shardId;
    this.epoch = route.epoch;
  }
}
