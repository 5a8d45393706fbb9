import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import { isRoutable, type Mapping, type MappingKeys } from '../mapping.ts';
import { HeldByOperation } from '../operation-steps.ts';
import type { ShardMap } from '../shard-map.ts';
import type { CatalogChange, CatalogReader } from '../store.ts';
import type { LoggedMapping } from './logged-mapping.ts';

/**
 * The mapping of exactly these keys, held by nobody. Throws UNKNOWN_TENANT or NOT_FOUND where there is none, and
 * `HeldByOperation`.
 */
export async function findFree(catalog: CatalogReader, map: ShardMap, keys: MappingKeys): Promise<Mapping> {
  const found = await catalog.findMappingAt(map.mapId, keys.low);
  if (found !== undefined && sameEnd(found.high, keys.high)) return requireFree(found);
  await requireNoneHeld(catalog, map, keys);
  const code = keys.kind === 'point' ? 'UNKNOWN_TENANT' : 'NOT_FOUND';
  throw new TenantryError(code, `Map ${map.name} has no mapping of ${describeKeys(map, keys)}.`);
}

/** Throws `HeldByOperation` where an operation holds a mapping of some of these keys: what is there now may not stay so. */
async function requireNoneHeld(catalog: CatalogReader, map: ShardMap, keys: MappingKeys): Promise<void> {
  const found = await catalog.findOverlappingMapping(map.mapId, keys);
  if (found !== undefined) requireFree(found);
}

/** Throws `HeldByOperation` where an operation holds the mapping. */
export function requireFree(mapping: Mapping): Mapping {
  if (mapping.operationId !== undefined) throw new HeldByOperation(mapping.operationId);
  return mapping;
}

/** Throws CONFLICT where the mapping is neither ONLINE nor OFFLINE. */
export function requireSettledState(mapping: Mapping): Mapping {
  if (isRoutable(mapping)) return mapping;
  throw new TenantryError('CONFLICT', `Mapping ${mapping.mappingId} is ${mapping.state}.`);
}

/** Takes a mapping for an operation, in the state and epoch in which the operation was planned. */
export async function claim(catalog: CatalogChange, operationId: string, mapping: LoggedMapping): Promise<void> {
  if (await catalog.claimMapping(mapping, operationId)) return;
  const now = await catalog.getMapping(mapping.mappingId);
  if (now !== undefined) requireFree(now);
  throw new TenantryError('CONFLICT', `Mapping ${mapping.mappingId} was changed at the same time.`);
}

/** Throws INTERNAL where a row that the operation holds was not there to be changed: nothing of the transaction happens. */
export function requireHeld(changed: boolean, mappingId: number): void {
  if (!changed) throw new TenantryError('INTERNAL', `Mapping ${mappingId} is no longer held by the operation that changes it.`);
}

function sameEnd(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return Buffer.compare(left, right) === 0;
}
