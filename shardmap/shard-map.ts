import type { KeyType } from './key.ts';

/** `list`: one mapping for each key. `range`: mappings of `[low, high)`. */
export type ShardMapKind = 'list' | 'range';

/** Which tenant lives on which shard, for one kind of tenant. */
export interface ShardMap {
  readonly mapId: number;
  /** Unique in the catalog; part of what the tokens of mappings are computed from. */
  readonly name: string;
  readonly kind: ShardMapKind;
  readonly keyType: KeyType;
  /** What the tenant column is called where tables do not say otherwise, such as `TenantId`. */
  readonly context: string;
  /** Raised by one with every committed change of the map. */
  readonly version: number;
}
