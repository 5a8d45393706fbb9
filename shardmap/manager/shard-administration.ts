import { TenantryError } from '../../src/core/errors.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { nothingSigned } from '../../src/core/shard-signer.ts';
import { DryRunOperations } from '../dry-run-operations.ts';
import { LocalMap, type ShardDescription } from '../local-map.ts';
import type { OperationReport, Operations } from '../logged-operations.ts';
import { addShard, type AddShardRequest } from '../operations/add-shard.ts';
import { removeShard } from '../operations/remove-shard.ts';
import { inUseElsewhere } from '../own-shard.ts';
import type { ShardAccess, ShardWarning } from '../shard-access.ts';
import type { Shard } from '../shard.ts';
import type { ShardMap } from '../shard-map.ts';
import type { MappingCount, ShardMapStore } from '../store.ts';
import { findMap, type MapChoice } from './map-scope.ts';
import { noneOfThatName, requireHost, requireName } from '../names.ts';

/** What the administration of shards is made of. */
interface ShardAdministrationOptions {
  readonly store: ShardMapStore;
  readonly access: ShardAccess;
  readonly newId: () => string;
  /** Name of the map for calls that name none. */
  readonly map: string;
}

/** How a shard was added. */
export interface ShardReport extends OperationReport {
  readonly warnings: readonly ShardWarning[];
}

/** A shard, with the name of its map and what is on it. */
export interface ShardOverview extends Shard {
  readonly map: string;
  /** One entry for each state that has mappings here. */
  readonly mappings: readonly MappingCount[];
}

/** The databases of a shard map. */
export class ShardAdministration {
  readonly #options: ShardAdministrationOptions;
  readonly #operations: Operations;

  constructor(options: ShardAdministrationOptions, operations: Operations) {
    this.#options = options;
    this.#operations = operations;
  }

  /**
   * Makes a database a shard: its schema and policies, its identity, then the catalog. Throws CONFLICT where it, or the name, is in use.
   */
  async add(name: string, address: ShardAddress, choice: MapChoice = {}): Promise<ShardReport> {
    const { store, access, newId } = this.#options;
    requireName('shard', name);
    requireAddress(address);
    const map = await findMap(store, choice.map ?? this.#options.map);
    const shard: Shard = { shardId: newId(), mapId: map.mapId, name, address, incarnation: '', state: 'ADDING' };
    const incarnation = await this.#identify(shard);
    const place = { shardId: shard.shardId, name, address, incarnation };
    const found = await new LocalMap(access.open(shard)).description();
    await this.#requireFree(map, place, found);
    // Nothing is accepted for a shard while the database is another.
    const adding = found?.identity === undefined ? undefined : await this.#whoAdds(found.identity.shardId);
    if (adding !== undefined) await this.#operations.awaitEnd(adding);
    const { warnings, latest } = await access.install(shard, map);
    return { ...(await this.#operations.run(addShard, map, { ...place, latest })), warnings };
  }

  /**
   * Throws what the catalog has against a shard of this name and place, before its database is changed: CONFLICT where the name, the place,
   * or the database by what it says of itself (`found`) is in use.
   */
  async requireFree(name: string, address: ShardAddress, found: ShardDescription | undefined, choice: MapChoice = {}): Promise<void> {
    const { store, newId } = this.#options;
    requireName('shard', name);
    requireAddress(address);
    const map = await findMap(store, choice.map ?? this.#options.map);
    await this.#requireFree(map, { shardId: newId(), name, address, incarnation: 'any' }, found);
  }

  async #requireFree(map: ShardMap, place: Omit<AddShardRequest, 'latest'>, found: ShardDescription | undefined): Promise<void> {
    const { store, newId } = this.#options;
    const identity = found?.identity;
    if (identity !== undefined && (await this.#whoAdds(identity.shardId)) === undefined) throw inUseElsewhere('database', identity);
    await new DryRunOperations(store, newId).run(addShard, map, { ...place, latest: nothingSigned }).catch(exceptInProgress);
  }

  /** Takes a shard without mappings out of its map; `lost` without asking its server. Throws CONFLICT where it is in use. */
  async remove(name: string, { lost = false }: { readonly lost?: boolean | undefined } = {}): Promise<OperationReport> {
    const { store } = this.#options;
    const { shardId, mapId } = await this.#find(name);
    return this.#operations.run(removeShard, await store.getMap(mapId), { shardId, name, lost });
  }

  /** All shards by name, of one map where named. */
  async list(choice: MapChoice = {}): Promise<Shard[]> {
    const { store } = this.#options;
    return store.listShards(choice.map === undefined ? undefined : (await findMap(store, choice.map)).mapId);
  }

  /** Throws NOT_FOUND. */
  async show(name: string): Promise<ShardOverview> {
    const { store } = this.#options;
    const shard = await this.#find(name);
    const counts = await store.countMappings(shard.mapId);
    return { ...shard, map: (await store.getMap(shard.mapId)).name, mappings: counts.filter(({ shardId }) => shardId === shard.shardId) };
  }

  async #find(name: string): Promise<Shard> {
    const { store } = this.#options;
    const shard = await store.findShard(name);
    if (shard !== undefined) return shard;
    throw noneOfThatName(
      'shard',
      name,
      (await store.listShards()).map((other) => other.name),
    );
  }

  /** The unfinished operation of this catalog that has left the database's identity there; undefined: none. */
  async #whoAdds(shardId: string): Promise<string | undefined> {
    return (await this.#options.store.getShard(shardId))?.operationId;
  }

  async #identify(shard: Shard): Promise<string> {
    const { host, port, database } = shard.address;
    try {
      return await this.#options.access.identify(shard);
    } catch (error) {
      if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNAVAILABLE') throw error;
      throw new TenantryError(
        'SHARD_UNAVAILABLE',
        `Database ${database} on ${host}:${port} does not let the admin login in, or there is no such server.`,
        { cause: error },
      );
    }
  }
}

function requireAddress({ host, port, database }: ShardAddress): void {
  requireHost(host);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new TenantryError('INVALID_REQUEST', `A port is a number from 1 to 65535, not ${port}.`);
  if (database === '') throw new TenantryError('INVALID_REQUEST', 'A shard needs the name of a database.');
}

/** An unfinished operation in the way is none of the catalog's objections: the operation itself sees to it. */
function exceptInProgress(error: unknown): void {
  if (!(error instanceof TenantryError) || error.code !== 'OPERATION_IN_PROGRESS') throw error;
}
