import { TenantryError } from '../../src/core/errors.ts';
import type { MappingKeys } from '../mapping.ts';
import type { OperationReport } from '../operations.ts';
import { addMapping } from '../operations/add-mapping.ts';
import { bringOnline } from '../operations/bring-online.ts';
import { removeMapping } from '../operations/remove-mapping.ts';
import { takeOffline } from '../operations/take-offline.ts';
import type { ShardMap } from '../shard-map.ts';
import {
  findMap,
  findMapOfKind,
  findShard,
  keyOf,
  patienceOf,
  type DrainChoice,
  type KeyReference,
  type MapChoice,
  type MapScope,
} from './map-scope.ts';
import { listPlacements, placementOf, type Placement } from './placement.ts';

/** Tenants of a list map, one by one. Every change throws OPERATION_IN_PROGRESS where another process is at it. */
export class TenantAdministration {
  readonly #scope: MapScope;

  constructor(scope: MapScope) {
    this.#scope = scope;
  }

  /** Places a new tenant on a shard. Throws CONFLICT where it has a place already. */
  async add(tenant: KeyReference, choice: MapChoice & { readonly shard: string }): Promise<OperationReport> {
    const { map, keys } = await this.#target(tenant, choice);
    const { shardId } = await findShard(this.#scope.store, map, choice.shard);
    return this.#scope.operations.run(addMapping, map, { keys, shardId });
  }

  /** Where a tenant lives, in a map of any kind. Throws UNKNOWN_TENANT. */
  async where(tenant: KeyReference, choice: MapChoice = {}): Promise<Placement> {
    const { store } = this.#scope;
    const map = await findMap(store, choice.map ?? this.#scope.map);
    const key = keyOf(map, tenant);
    const mapping = await store.findMapping(map.mapId, key.bytes);
    if (mapping === undefined) throw new TenantryError('UNKNOWN_TENANT', `Map ${map.name} has no mapping of tenant ${key.text}.`);
    return placementOf(map, mapping, await store.getShard(mapping.shardId));
  }

  /** All tenants of a list map in order of their keys, of one shard where named. */
  async *list(choice: MapChoice & { readonly shard?: string | undefined } = {}): AsyncGenerator<Placement, void, undefined> {
    const map = await findMapOfKind(this.#scope, choice, 'list');
    const shard = choice.shard === undefined ? undefined : await findShard(this.#scope.store, map, choice.shard);
    yield* listPlacements(this.#scope.store, map, shard?.shardId);
  }

  /** Waits for the tenant's transactions to end and lets nobody in any more. Throws TIMEOUT, with nothing changed, where they do not end. */
  async offline(tenant: KeyReference, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(tenant, choice);
    return this.#scope.operations.run(takeOffline, map, { keys, patience: patienceOf(this.#scope, choice) });
  }

  async online(tenant: KeyReference, choice: MapChoice = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(tenant, choice);
    return this.#scope.operations.run(bringOnline, map, { keys });
  }

  /** Drops the mapping of a tenant that is offline; `purge` deletes its rows too. */
  async remove(tenant: KeyReference, choice: MapChoice & { readonly purge?: boolean | undefined } = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(tenant, choice);
    return this.#scope.operations.run(removeMapping, map, { keys, purge: choice.purge ?? false });
  }

  async #target(tenant: KeyReference, choice: MapChoice): Promise<{ map: ShardMap; keys: MappingKeys }> {
    const map = await findMapOfKind(this.#scope, choice, 'list');
    return { map, keys: { kind: 'point', low: keyOf(map, tenant).bytes } };
  }
}
