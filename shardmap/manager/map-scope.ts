import { TenantryError } from '../../src/core/errors.ts';
import { tenantKey, tenantKeyFromText, type TenantId, type TenantKey } from '../key.ts';
import type { LockPatience } from '../operation-steps.ts';
import type { Operations } from '../logged-operations.ts';
import type { ShardMap, ShardMapKind } from '../shard-map.ts';
import type { Shard } from '../shard.ts';
import type { CatalogReader } from '../store.ts';
import { noneOfThatName } from '../names.ts';

/** A key as callers name it: a value of the map's key type, or its canonical text. */
export type KeyReference = TenantId | { readonly text: string };

/** Which map a call is about; the configured one by default. */
export interface MapChoice {
  readonly map?: string | undefined;
}

/** How long to wait for those who are inside, and whether to cancel their statements. */
export interface DrainChoice {
  /** Milliseconds; the configured limit by default. */
  readonly drainMs?: number | undefined;
  /** Default false. */
  readonly force?: boolean | undefined;
}

/** What administrations of mappings share. */
export interface MapScope {
  readonly store: CatalogReader;
  readonly operations: Operations;
  /** Name of the map for calls that name none. */
  readonly map: string;
  readonly drainMs: number;
}

/** The map of that name. Throws NOT_FOUND, naming those that are there. */
export async function findMap(store: CatalogReader, name: string): Promise<ShardMap> {
  const map = await store.findMap(name);
  if (map !== undefined) return map;
  throw noneOfThatName(
    'shard map',
    name,
    (await store.listMaps()).map((other) => other.name),
  );
}

/** The map of a call that makes sense for one kind only. Throws INVALID_REQUEST for the other kind. */
export async function findMapOfKind(scope: MapScope, choice: MapChoice, kind: ShardMapKind): Promise<ShardMap> {
  const map = await findMap(scope.store, choice.map ?? scope.map);
  if (map.kind === kind) return map;
  const noun = kind === 'list' ? 'tenant' : 'range';
  const other = kind === 'list' ? 'range' : 'tenant';
  throw new TenantryError('INVALID_REQUEST', `Map ${map.name} is a ${map.kind} map: use \`${other}\` commands, not \`${noun}\`.`);
}

/** The shard of that name in a map. Throws NOT_FOUND, naming those that are there. */
export async function findShard(store: CatalogReader, map: ShardMap, name: string): Promise<Shard> {
  const shards = await store.listShards(map.mapId);
  const shard = shards.find((candidate) => candidate.name === name);
  if (shard !== undefined) return shard;
  const names = shards.map((other) => other.name);
  throw new TenantryError(
    'NOT_FOUND',
    `Map ${map.name} has no shard ${name}; it has ${names.length === 0 ? 'none yet' : names.join(', ')}.`,
  );
}

/** A key of the map. Throws INVALID_TENANT_ID. */
export function keyOf({ keyType }: ShardMap, reference: KeyReference): TenantKey {
  if (typeof reference === 'object' && 'text' in reference) return tenantKeyFromText(keyType, reference.text);
  return tenantKey(keyType, reference);
}

/** A key of the map that is one end of a range. Throws INVALID_TENANT_ID, which says which end. */
export function endOf(map: ShardMap, end: 'low' | 'high', reference: KeyReference): TenantKey {
  try {
    return keyOf(map, reference);
  } catch (error) {
    if (!(error instanceof TenantryError) || error.code !== 'INVALID_TENANT_ID') throw error;
    throw new TenantryError('INVALID_TENANT_ID', `The ${end} end of the range is no key. ${error.detail}`);
  }
}

/** The patience of a call. Throws INVALID_REQUEST for a time that is none. */
export function patienceOf(scope: MapScope, { drainMs = scope.drainMs, force = false }: DrainChoice): LockPatience {
  if (!Number.isFinite(drainMs) || drainMs < 0)
    throw new TenantryError('INVALID_REQUEST', `drainMs must be a number of milliseconds of at least 0, not ${drainMs}.`);
  return { limitMs: drainMs, force };
}
