import { tenantKeyFromBytes } from './key.ts';
import type { MappingKeys } from './mapping.ts';
import type { ShardMap } from './shard-map.ts';

/** A mapping's keys for people: `tenant 42`, or `range [1, 100)` with `...` for an open end. */
export function describeKeys({ keyType }: Pick<ShardMap, 'keyType'>, { kind, low, high }: MappingKeys): string {
  const text = (bytes: Uint8Array | undefined): string =>
    bytes === undefined || bytes.length === 0 ? '...' : tenantKeyFromBytes(keyType, bytes).text;
  return kind === 'point' ? `tenant ${text(low)}` : `range [${text(low)}, ${text(high)})`;
}
