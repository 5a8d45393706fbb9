import { TenantryError } from '../src/core/errors.ts';
import type { Row, SqlParameters, SqlResult, SqlSession } from '../src/core/session.ts';
import { containsKey, type Mapping, type MappingKeys, type MappingState } from './mapping.ts';
import type { Operation } from './operation.ts';
import type { Shard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';
import { mappingFrom, operationFrom, shardFrom, type MappingRow, type OperationRow, type ShardRow } from './sql-rows.ts';
import type {
  CatalogChange,
  CatalogReader,
  CatalogServer,
  MappingCount,
  MappingPage,
  OperationSwap,
  Retention,
  ShardChange,
} from './store.ts';

type MapRow = ShardMap & Row;

/** More changes than a restored catalog lacks. */
const mostChangesLost = 1_000_000;

/** Reading the catalog over a session or a database of it. */
export class SqlCatalogReader implements CatalogReader {
  readonly #session: SqlSession;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async server(): Promise<CatalogServer> {
    const server = (await this.run<CatalogServer & Row>('catalog/get-server')).rows[0];
    if (server === undefined) throw new TenantryError('INTERNAL', 'The catalog does not say on which server it is.');
    return server;
  }

  async findMap(name: string): Promise<ShardMap | undefined> {
    return (await this.run<MapRow>('catalog/find-map', { name })).rows[0];
  }

  async getMap(mapId: number): Promise<ShardMap> {
    return this.map('catalog/get-map', mapId);
  }

  async listMaps(): Promise<ShardMap[]> {
    return (await this.run<MapRow>('catalog/list-maps')).rows;
  }

  async findShard(name: string): Promise<Shard | undefined> {
    return this.#shard('catalog/find-shard', { name });
  }

  async getShard(shardId: string): Promise<Shard | undefined> {
    return this.#shard('catalog/get-shard', { shardId });
  }

  async listShards(mapId?: number): Promise<Shard[]> {
    return (await this.run<ShardRow>('catalog/list-shards', { mapId: mapId ?? null })).rows.map(shardFrom);
  }

  async findMapping(mapId: number, key: Uint8Array): Promise<Mapping | undefined> {
    const found = await this.#mapping('catalog/find-mapping', { mapId, key });
    if (found === undefined || containsKey(found, key)) return found;
    if (found.kind === 'point') return undefined;
    // Where reads take locks, row by row, one that waited for a range's split finds its first part, and has passed the place where the
    // second one has come to be since. Who looks again sees both.
    const again = await this.#mapping('catalog/find-mapping', { mapId, key });
    return again !== undefined && containsKey(again, key) ? again : undefined;
  }

  async findMappingAt(mapId: number, low: Uint8Array): Promise<Mapping | undefined> {
    return this.#mapping('catalog/find-mapping-at', { mapId, low });
  }

  async findMappingEndingAt(mapId: number, high: Uint8Array): Promise<Mapping | undefined> {
    return this.#mapping('catalog/find-mapping-ending-at', { mapId, high });
  }

  async findOverlappingMapping(mapId: number, { kind, low, high }: MappingKeys): Promise<Mapping | undefined> {
    if (kind === 'point') return this.findMappingAt(mapId, low);
    return this.#mapping('catalog/find-overlapping-mapping', { mapId, low, high: high ?? null });
  }

  async getMapping(mappingId: number): Promise<Mapping | undefined> {
    return this.#mapping('catalog/get-mapping', { mappingId });
  }

  async listMappings(mapId: number, { afterLow, shardId, limit }: MappingPage): Promise<Mapping[]> {
    const parameters = { mapId, afterLow: afterLow ?? null, shardId: shardId ?? null, limit };
    return (await this.run<MappingRow>('catalog/list-mappings', parameters)).rows.map(mappingFrom);
  }

  async listMappingsOfShard(shardId: string, afterId: number, limit: number): Promise<Mapping[]> {
    const { rows } = await this.run<MappingRow>('catalog/list-mappings-of-shard', { shardId, afterId, limit });
    return rows.map(mappingFrom);
  }

  async countMappings(mapId: number): Promise<MappingCount[]> {
    return (await this.run<MappingCount & Row>('catalog/count-mappings', { mapId })).rows;
  }

  async getOperation(operationId: string): Promise<Operation | undefined> {
    const row = (await this.run<OperationRow>('catalog/get-operation', { operationId })).rows[0];
    return row && operationFrom(row);
  }

  async listUnfinished(): Promise<Operation[]> {
    return (await this.run<OperationRow>('catalog/list-unfinished')).rows.map(operationFrom);
  }

  async listEnded({ operations, days }: Retention, afterId: string | undefined, limit: number): Promise<Operation[]> {
    const parameters = { keptDays: days, kept: operations, afterId: afterId ?? null, limit };
    return (await this.run<OperationRow>('catalog/list-ended', parameters)).rows.map(operationFrom);
  }

  /** A map by a file that takes its id. */
  protected async map(file: string, mapId: number): Promise<ShardMap> {
    const map = (await this.run<MapRow>(file, { mapId })).rows[0];
    if (map === undefined) throw new TenantryError('NOT_FOUND', `The catalog has no shard map ${mapId}.`);
    return map;
  }

  /** Runs a file of the query library in the catalog. */
  protected run<R extends Row>(file: string, parameters: SqlParameters = {}): Promise<SqlResult<R>> {
    return catalogUnavailable(this.#session.run<R>(file, parameters));
  }

  async #shard(file: string, parameters: SqlParameters): Promise<Shard | undefined> {
    const row = (await this.run<ShardRow>(file, parameters)).rows[0];
    return row && shardFrom(row);
  }

  async #mapping(file: string, parameters: SqlParameters): Promise<Mapping | undefined> {
    const row = (await this.run<MappingRow>(file, parameters)).rows[0];
    return row && mappingFrom(row);
  }
}

/** One transaction of the catalog over a session that is in one. */
export class SqlCatalogChange extends SqlCatalogReader implements CatalogChange {
  async addMap({ name, kind, keyType, context }: Omit<ShardMap, 'mapId' | 'version'>): Promise<boolean> {
    return this.#one('catalog/add-map', { name, kind, keyType, context });
  }

  async lockMap(mapId: number): Promise<ShardMap> {
    return this.map('catalog/lock-map', mapId);
  }

  async raiseMapVersion(mapId: number): Promise<number> {
    return this.#value<{ version: number }, 'version'>('catalog/raise-map-version', { mapId }, 'version');
  }

  async addOperation(operation: Pick<Operation, 'operationId' | 'mapId' | 'kind' | 'payload' | 'state'>, leaseMs: number): Promise<void> {
    const { operationId, mapId, kind, payload, state } = operation;
    await this.run('catalog/add-operation', { operationId, mapId, kind, payload: JSON.stringify(payload), state, leaseMs });
  }

  async swapOperation(
    from: Pick<Operation, 'operationId' | 'state' | 'generation'>,
    toState: string,
    { failure, commits = false }: OperationSwap = {},
  ): Promise<boolean> {
    const { operationId, state, generation } = from;
    return this.#one('catalog/swap-operation', { operationId, fromState: state, generation, toState, failure: failure ?? null, commits });
  }

  async addShard(shard: Omit<Shard, 'incarnation'>): Promise<boolean> {
    const { shardId, mapId, name, address, state, acceptedNumber = null, overrideNumber = null, operationId = null } = shard;
    return this.#one('catalog/add-shard', { shardId, mapId, name, ...address, state, acceptedNumber, overrideNumber, operationId });
  }

  async claimEmptyShard(shardId: string, operationId: string): Promise<boolean> {
    // Two statements: under READ COMMITTED only the second one sees what those committed for whom the first one waited.
    await this.run('catalog/lock-shard', { shardId });
    return this.#one('catalog/claim-empty-shard', { shardId, operationId });
  }

  async changeShard(shardId: string, operationId: string, { state, incarnation, latest, release }: ShardChange): Promise<boolean> {
    const numbers = { acceptedNumber: latest?.accepted ?? null, overrideNumber: latest?.overridden ?? null };
    return this.#one('catalog/change-shard', { shardId, operationId, state, incarnation: incarnation ?? null, ...numbers, release });
  }

  async deleteShard(shardId: string, operationId: string): Promise<boolean> {
    return this.#one('catalog/delete-shard', { shardId, operationId });
  }

  async recordIncarnation(shardId: string, from: string, to: string): Promise<boolean> {
    return this.#one('catalog/record-incarnation', { shardId, from, to });
  }

  async recordServer(from: string, to: string): Promise<boolean> {
    if (!(await this.#one('catalog/record-server', { from, to }))) return false;
    await this.run('catalog/raise-versions', { by: mostChangesLost });
    return true;
  }

  async nextMappingId(): Promise<number> {
    return this.#value<{ mappingId: number }, 'mappingId'>('catalog/next-mapping-id', {}, 'mappingId');
  }

  async addMapping(mapping: Mapping): Promise<boolean> {
    const { mappingId, mapId, kind, low, high, shardId, state, epoch, operationId } = mapping;
    const parameters = { mappingId, mapId, kind, low, high: high ?? null, shardId, state, epoch, operationId: operationId ?? null };
    return this.#one('catalog/add-mapping', parameters);
  }

  async claimMapping({ mappingId, state, epoch }: Pick<Mapping, 'mappingId' | 'state' | 'epoch'>, operationId: string): Promise<boolean> {
    return this.#one('catalog/claim-mapping', { mappingId, state, epoch, operationId });
  }

  async changeMapping(mappingId: number, operationId: string, { state, epoch }: { state: MappingState; epoch: number }): Promise<boolean> {
    return this.#one('catalog/change-mapping', { mappingId, operationId, state, epoch });
  }

  async deleteMapping(mappingId: number, operationId: string): Promise<boolean> {
    return this.#one('catalog/delete-mapping', { mappingId, operationId });
  }

  async releaseMappings(operationId: string): Promise<void> {
    await this.run('catalog/release-mappings', { operationId });
  }

  async #one(file: string, parameters: SqlParameters): Promise<boolean> {
    return (await this.run(file, parameters)).rowCount === 1;
  }

  async #value<R extends Row, K extends keyof R>(file: string, parameters: SqlParameters, column: K): Promise<R[K]> {
    const row = (await this.run<R>(file, parameters)).rows[0];
    if (row === undefined) throw new TenantryError('INTERNAL', `The catalog gave no row for ${file}.`);
    return row[column];
  }
}

/** The outcome of work on the catalog; that it cannot be reached is said as such. */
export async function catalogUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNAVAILABLE') throw error;
    const { detail, outcome, retryAfterMs } = error;
    throw new TenantryError('CATALOG_UNAVAILABLE', detail, {
      cause: error,
      outcome,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}
