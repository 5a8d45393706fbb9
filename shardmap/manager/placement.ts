import { tenantKeyFromBytes } from '../key.ts';
import type { Mapping, MappingState } from '../mapping.ts';
import type { Shard } from '../shard.ts';
import type { ShardMap } from '../shard-map.ts';
import type { CatalogReader } from '../store.ts';

/** Where a tenant or a range lives, for people and programs. Keys are canonical texts. */
export interface Placement {
  readonly map: string;
  /** Of a list map. */
  readonly tenant?: string;
  /** Of a range map; absent where the range begins before every key. */
  readonly low?: string;
  /** Of a range map, exclusive; absent where the range ends after every key. */
  readonly high?: string;
  /** The shard's name. */
  readonly shard: string;
  readonly mappingId: number;
  readonly state: MappingState;
  readonly epoch: number;
  /** The unfinished operation that holds it. */
  readonly operationId?: string;
}

/** What of the catalog placements are read from. */
type PlacementSource = Pick<CatalogReader, 'listShards' | 'getShard' | 'listMappings'>;

const pageRows = 500;

/** All placements of a map in order of their keys, read in pages; of one shard where given. */
export async function* listPlacements(store: PlacementSource, map: ShardMap, shardId?: string): AsyncGenerator<Placement, void, undefined> {
  const shards = new Map((await store.listShards(map.mapId)).map((shard) => [shard.shardId, shard]));
  let afterLow: Uint8Array | undefined;
  for (;;) {
    const page = await store.listMappings(map.mapId, { afterLow, shardId, limit: pageRows });
    for (const mapping of page) yield placementOf(map, mapping, shards.get(mapping.shardId) ?? (await store.getShard(mapping.shardId)));
    if (page.length < pageRows) return;
    afterLow = page.at(-1)?.low;
  }
}

/** A mapping as a placement. */
export function placementOf(map: ShardMap, mapping: Mapping, shard: Shard | undefined): Placement {
  const { kind, low, high, mappingId, state, epoch, shardId, operationId } = mapping;
  const text = (bytes: Uint8Array): string => tenantKeyFromBytes(map.keyType, bytes).text;
  return {
    map: map.name,
    ...(kind === 'point' && { tenant: text(low) }),
    ...(kind === 'range' && low.length > 0 && { low: text(low) }),
    ...(high !== undefined && { high: text(high) }),
    shard: shard?.name ?? shardId,
    mappingId,
    state,
    epoch,
    ...(operationId !== undefined && { operationId }),
  };
}
