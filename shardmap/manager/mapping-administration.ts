import type { MappingKeys } from '../mapping.ts';
import type { OperationReport } from '../logged-operations.ts';
import { addMapping } from '../operations/add-mapping.ts';
import { bringOnline } from '../operations/bring-online.ts';
import { removeMapping } from '../operations/remove-mapping.ts';
import { takeOffline } from '../operations/take-offline.ts';
import type { ShardMap, ShardMapKind } from '../shard-map.ts';
import { findMapOfKind, findShard, patienceOf, type DrainChoice, type MapChoice, type MapScope } from './map-scope.ts';
import { listPlacements, type Placement } from './placement.ts';

/**
 * Changes that the mappings of every kind of map have in common; `R` is how a caller names one. Every change throws
 * OPERATION_IN_PROGRESS where another process is at it.
 */
export abstract class MappingAdministration<R> {
  protected readonly scope: MapScope;
  readonly #kind: ShardMapKind;

  protected constructor(scope: MapScope, kind: ShardMapKind) {
    this.scope = scope;
    this.#kind = kind;
  }

  /** The keys that a caller means. Throws INVALID_TENANT_ID or INVALID_REQUEST. */
  protected abstract keysOf(map: ShardMap, reference: R): MappingKeys;

  /** Places a new mapping on a shard. Throws CONFLICT where some of its keys have a place already. */
  async add(reference: R, choice: MapChoice & { readonly shard: string }): Promise<OperationReport> {
    const { map, keys } = await this.#target(reference, choice);
    const { shardId } = await findShard(this.scope.store, map, choice.shard);
    return this.scope.operations.run(addMapping, map, { keys, shardId });
  }

  /** All mappings in order of their keys, of one shard where named. */
  async *list(choice: MapChoice & { readonly shard?: string | undefined } = {}): AsyncGenerator<Placement, void, undefined> {
    const map = await this.map(choice);
    const shard = choice.shard === undefined ? undefined : await findShard(this.scope.store, map, choice.shard);
    yield* listPlacements(this.scope.store, map, shard?.shardId);
  }

  /** Waits for the transactions inside to end and lets nobody in any more. Throws TIMEOUT, with nothing changed, where they do not end. */
  async offline(reference: R, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(reference, choice);
    return this.scope.operations.run(takeOffline, map, { keys, patience: patienceOf(this.scope, choice) });
  }

  async online(reference: R, choice: MapChoice = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(reference, choice);
    return this.scope.operations.run(bringOnline, map, { keys });
  }

  /** Drops a mapping that is offline; `purge` deletes its rows too. */
  async remove(reference: R, choice: MapChoice & { readonly purge?: boolean | undefined } = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(reference, choice);
    return this.scope.operations.run(removeMapping, map, { keys, purge: choice.purge ?? false });
  }

  /** The map of a call, of this kind. Throws NOT_FOUND or INVALID_REQUEST. */
  protected async map(choice: MapChoice): Promise<ShardMap> {
    return findMapOfKind(this.scope, choice, this.#kind);
  }

  async #target(reference: R, choice: MapChoice): Promise<{ map: ShardMap; keys: MappingKeys }> {
    const map = await this.map(choice);
    return { map, keys: this.keysOf(map, reference) };
  }
}
