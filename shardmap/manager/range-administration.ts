import { TenantryError } from '../../src/core/errors.ts';
import { compareKeyBytes } from '../key-encoding.ts';
import type { MappingKeys } from '../mapping.ts';
import type { OperationReport } from '../operations.ts';
import { addMapping } from '../operations/add-mapping.ts';
import { bringOnline } from '../operations/bring-online.ts';
import { mergeMappings } from '../operations/merge-mappings.ts';
import { removeMapping } from '../operations/remove-mapping.ts';
import { splitMapping } from '../operations/split-mapping.ts';
import { takeOffline } from '../operations/take-offline.ts';
import type { ShardMap } from '../shard-map.ts';
import {
  findMapOfKind,
  findShard,
  keyOf,
  patienceOf,
  type DrainChoice,
  type KeyReference,
  type MapChoice,
  type MapScope,
} from './map-scope.ts';
import { listPlacements, type Placement } from './placement.ts';

/** The keys from `low` up to and without `high`; left out: from the first, up to the last. */
export interface RangeBounds {
  readonly low?: KeyReference | undefined;
  readonly high?: KeyReference | undefined;
}

/** Ranges of a range map. Every change throws OPERATION_IN_PROGRESS where another process is at it. */
export class RangeAdministration {
  readonly #scope: MapScope;

  constructor(scope: MapScope) {
    this.#scope = scope;
  }

  /** Places a new range on a shard. Throws CONFLICT where some of its keys have a place already. */
  async add(bounds: RangeBounds, choice: MapChoice & { readonly shard: string }): Promise<OperationReport> {
    const { map, keys } = await this.#target(bounds, choice);
    const { shardId } = await findShard(this.#scope.store, map, choice.shard);
    return this.#scope.operations.run(addMapping, map, { keys, shardId });
  }

  /** Cuts the range that holds the key in two; the key begins the second. */
  async split(at: KeyReference, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const map = await findMapOfKind(this.#scope, choice, 'range');
    return this.#scope.operations.run(splitMapping, map, { at: keyOf(map, at), patience: patienceOf(this.#scope, choice) });
  }

  /** Makes one range of the two that meet at the key, which must be on one shard and in one state. */
  async merge(at: KeyReference, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const map = await findMapOfKind(this.#scope, choice, 'range');
    return this.#scope.operations.run(mergeMappings, map, { at: keyOf(map, at), patience: patienceOf(this.#scope, choice) });
  }

  /** All ranges in order of their keys, of one shard where named. */
  async *list(choice: MapChoice & { readonly shard?: string | undefined } = {}): AsyncGenerator<Placement, void, undefined> {
    const map = await findMapOfKind(this.#scope, choice, 'range');
    const shard = choice.shard === undefined ? undefined : await findShard(this.#scope.store, map, choice.shard);
    yield* listPlacements(this.#scope.store, map, shard?.shardId);
  }

  /** Waits for transactions in the range to end and lets nobody in any more. Throws TIMEOUT, with nothing changed, where they do not end. */
  async offline(bounds: RangeBounds, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(bounds, choice);
    return this.#scope.operations.run(takeOffline, map, { keys, patience: patienceOf(this.#scope, choice) });
  }

  async online(bounds: RangeBounds, choice: MapChoice = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(bounds, choice);
    return this.#scope.operations.run(bringOnline, map, { keys });
  }

  /** Drops the mapping of a range that is offline; `purge` deletes its rows too. */
  async remove(bounds: RangeBounds, choice: MapChoice & { readonly purge?: boolean | undefined } = {}): Promise<OperationReport> {
    const { map, keys } = await this.#target(bounds, choice);
    return this.#scope.operations.run(removeMapping, map, { keys, purge: choice.purge ?? false });
  }

  async #target({ low, high }: RangeBounds, choice: MapChoice): Promise<{ map: ShardMap; keys: MappingKeys }> {
    const map = await findMapOfKind(this.#scope, choice, 'range');
    const begin = low === undefined ? undefined : keyOf(map, low);
    const end = high === undefined ? undefined : keyOf(map, high);
    if (begin !== undefined && end !== undefined && compareKeyBytes(begin.bytes, end.bytes) >= 0) {
      throw new TenantryError('INVALID_REQUEST', `A range's low end must be below its high end: ${begin.text} is not below ${end.text}.`);
    }
    return { map, keys: { kind: 'range', low: begin?.bytes ?? new Uint8Array(), ...(end && { high: end.bytes }) } };
  }
}
