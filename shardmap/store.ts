import type { TenantryError } from '../src/core/errors.ts';
import type { LatestNumbers } from '../src/core/shard-signer.ts';
import type { Mapping, MappingKeys, MappingState } from './mapping.ts';
import type { Operation } from './operation.ts';
import type { Shard, ShardState } from './shard.ts';
import type { ShardMap } from './shard-map.ts';

/** Which mappings to list, in order of their keys. */
export interface MappingPage {
  /** Only those that begin after this low end. */
  readonly afterLow?: Uint8Array | undefined;
  readonly shardId?: string | undefined;
  /** At most so many. */
  readonly limit: number;
}

/** Which operations that have ended are kept: so many of the newest, none longer than so many days. */
export interface Retention {
  readonly operations: number;
  readonly days: number;
}

/** How many mappings of a map a shard has in a state. */
export interface MappingCount {
  readonly shardId: string;
  readonly shard: string;
  readonly state: MappingState;
  readonly mappings: number;
}

/** Which server a catalog is on; see `sql/<engine>/schema/catalog/006-catalog-server.sql`. */
export interface CatalogServer {
  /** The one on which the shard map may be changed. */
  readonly recorded: string;
  /** The one that answers; null where it only follows another one. */
  readonly present: string | null;
}

/** Reading the global shard map. Every method throws CATALOG_UNAVAILABLE where the catalog cannot be reached. */
export interface CatalogReader {
  server(): Promise<CatalogServer>;
  findMap(name: string): Promise<ShardMap | undefined>;
  getMap(mapId: number): Promise<ShardMap>;
  /** All maps, by name. */
  listMaps(): Promise<ShardMap[]>;
  findShard(name: string): Promise<Shard | undefined>;
  getShard(shardId: string): Promise<Shard | undefined>;
  /** All shards, by name; of one map where given. */
  listShards(mapId?: number): Promise<Shard[]>;
  /** The mapping that an encoded key belongs to, whatever its state. */
  findMapping(mapId: number, key: Uint8Array): Promise<Mapping | undefined>;
  /** The mapping whose low end is exactly this; of a list map: the key's. */
  findMappingAt(mapId: number, low: Uint8Array): Promise<Mapping | undefined>;
  /** The range that ends exactly there. */
  findMappingEndingAt(mapId: number, high: Uint8Array): Promise<Mapping | undefined>;
  /** A mapping that has some of these keys. */
  findOverlappingMapping(mapId: number, keys: MappingKeys): Promise<Mapping | undefined>;
  getMapping(mappingId: number): Promise<Mapping | undefined>;
  listMappings(mapId: number, page: MappingPage): Promise<Mapping[]>;
  /** A shard's mappings by id, after the id given. */
  listMappingsOfShard(shardId: string, afterId: number, limit: number): Promise<Mapping[]>;
  /** By shard and state; what has none is left out. */
  countMappings(mapId: number): Promise<MappingCount[]>;
  getOperation(operationId: string): Promise<Operation | undefined>;
  /** Operations that still hold something, oldest first. */
  listUnfinished(): Promise<Operation[]>;
  /** Operations that have ended and need not be kept, by id after the id given. */
  listEnded(retention: Retention, afterId: string | undefined, limit: number): Promise<Operation[]>;
}

/** What becomes of a shard by an operation that holds it. */
export interface ShardChange {
  readonly state: ShardState;
  /** Who its server is; absent: as recorded. */
  readonly incarnation?: string;
  /** What is signed there; absent: as known. */
  readonly latest?: LatestNumbers;
  /** Whether the operation lets go of it. */
  readonly release: boolean;
}

/** What else there is to a change of an operation's state. */
export interface OperationSwap {
  /** Why the operation is given up: a code of the error catalogue. */
  readonly failure?: string | undefined;
  /** Whether it goes on towards its commit: only on the server that the catalog knows. Default false. */
  readonly commits?: boolean | undefined;
}

/**
 * One transaction of the catalog. What answers a boolean changes a row only where it is still as the caller says
 * (`false`: it is not), and fails on no constraint.
 */
export interface CatalogChange extends CatalogReader {
  addMap(map: Omit<ShardMap, 'mapId' | 'version'>): Promise<boolean>;
  /** The map as it is; its version cannot change before the transaction's end. */
  lockMap(mapId: number): Promise<ShardMap>;
  /** The map's version after one more change. Locks the map's row: comes first, before any mapping is changed. */
  raiseMapVersion(mapId: number): Promise<number>;

  /** With generation 1 and a lease from now on. */
  addOperation(operation: Pick<Operation, 'operationId' | 'mapId' | 'kind' | 'payload' | 'state'>, leaseMs: number): Promise<void>;
  /** Compare-and-swap: from exactly this state and generation to another state. */
  swapOperation(operation: Pick<Operation, 'operationId' | 'state' | 'generation'>, state: string, swap?: OperationSwap): Promise<boolean>;

  addShard(shard: Omit<Shard, 'incarnation'>): Promise<boolean>;
  /** Takes a shard that is ONLINE, has no mapping and is held by nobody. */
  claimEmptyShard(shardId: string, operationId: string): Promise<boolean>;
  /** Changes a shard that the operation holds. */
  changeShard(shardId: string, operationId: string, to: ShardChange): Promise<boolean>;
  deleteShard(shardId: string, operationId: string): Promise<boolean>;
  /** Records who the server of an ONLINE shard is now, where it was `from`. */
  recordIncarnation(shardId: string, from: string, to: string): Promise<boolean>;

  /**
   * Records the server that answers, where it is `to` and the catalog knew `from`. Raises the version of every map above the epochs of
   * the changes that it may lack: an epoch given twice would make the token of one mapping that of another.
   */
  recordServer(from: string, to: string): Promise<boolean>;

  /** An id that no mapping ever had. */
  nextMappingId(): Promise<number>;
  /** Refused where a key has a mapping already, or the shard is not ONLINE or of another map. */
  addMapping(mapping: Mapping): Promise<boolean>;
  /** Takes a mapping that nobody holds, where it is still of this state and epoch. */
  claimMapping(mapping: Pick<Mapping, 'mappingId' | 'state' | 'epoch'>, operationId: string): Promise<boolean>;
  /** Changes a mapping that the operation holds. */
  changeMapping(mappingId: number, operationId: string, to: { state: MappingState; epoch: number }): Promise<boolean>;
  deleteMapping(mappingId: number, operationId: string): Promise<boolean>;
  /** Lets go of every mapping that the operation holds. */
  releaseMappings(operationId: string): Promise<void>;
}

/** The catalog: where the global shard map and the log of operations are kept. */
export interface ShardMapStore extends CatalogReader {
  /** Why the catalog answers nothing for now, although it will. */
  readonly holdUp: TenantryError | undefined;
  /** Throws INVALID_CONFIGURATION where the database is no catalog, or one of another schema version. */
  checkSchema(): Promise<void>;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it throws, and begun again where the server ended it for
   * a deadlock. COMMIT_UNKNOWN where the answer was lost.
   */
  change<T>(work: (catalog: CatalogChange) => Promise<T>): Promise<T>;
  /** Raises the generation where it is still `generation` and the lease has run out; the operation as it is then. */
  takeOperation(operationId: string, generation: number, leaseMs: number): Promise<Operation | undefined>;
  /** Extends the lease of a runner; `false` where another has taken the operation since, or it has ended. */
  renewLease(operationId: string, generation: number, leaseMs: number): Promise<boolean>;
  /** Forgets operations that have ended. */
  deleteEnded(operationIds: readonly string[]): Promise<void>;
}
