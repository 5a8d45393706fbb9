/** `point`: one key, of a list map. `range`: `[low, high)`, of a range map. */
export type MappingKind = 'point' | 'range';

/**
 * State of a mapping in the catalog. ADDING and REMOVING only while an operation holds it: its key is taken, and
 * nobody is routed by it.
 */
export type MappingState = 'ADDING' | 'ONLINE' | 'OFFLINE' | 'REMOVING';

/** Which keys live on which shard, as the catalog (the global shard map) has it. */
export interface Mapping {
  readonly mappingId: number;
  readonly mapId: number;
  readonly kind: MappingKind;
  /** The encoded key of a point; the inclusive lower end of a range, empty where it begins before every key. */
  readonly low: Uint8Array;
  /** The exclusive upper end of a range; absent for a point, and for a range that ends after every key. */
  readonly high?: Uint8Array;
  readonly shardId: string;
  readonly state: MappingState;
  /** Raised by every change. A key's epochs only ever rise, over splits, merges and removals too. */
  readonly epoch: number;
  /** The unfinished operation that holds the mapping; nobody else may change it. */
  readonly operationId?: string;
}

/** The keys of a mapping, apart from where it lives. */
export type MappingKeys = Pick<Mapping, 'kind' | 'low' | 'high'>;

/** Whether a request may be sent to the mapping's shard, which then judges by its own state. */
export function isRoutable(mapping: Mapping): boolean {
  return mapping.state === 'ONLINE' || mapping.state === 'OFFLINE';
}

/** Whether an encoded key belongs to a mapping. */
export function containsKey(keys: MappingKeys, key: Uint8Array): boolean {
  if (keys.kind === 'point') return Buffer.compare(keys.low, key) === 0;
  return Buffer.compare(keys.low, key) <= 0 && (keys.high === undefined || Buffer.compare(key, keys.high) < 0);
}

/** Whether two mappings are of exactly the same keys. */
export function haveSameKeys(one: MappingKeys, other: MappingKeys): boolean {
  const [high, otherHigh] = [one.high, other.high];
  if (one.kind !== other.kind || Buffer.compare(one.low, other.low) !== 0) return false;
  return high === undefined || otherHigh === undefined ? high === otherHigh : Buffer.compare(high, otherHigh) === 0;
}
