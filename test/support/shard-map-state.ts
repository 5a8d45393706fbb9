import { expect } from 'vitest';
import type { Row } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { EntryRefused } from '../../src/engine/entry.ts';
import { refusals } from '../../src/engine/mssql/error-table.ts';
import { SqlFailure } from '../../src/engine/sql-failure.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { ticketBytes } from './ticket-bytes.ts';
import { catalogByHand, localByHand } from './shard-map-by-hand.ts';
import { tokenOfTests } from './shard-map-access.ts';
import type { ShardMapWorld } from './shard-map-world.ts';

/** One mapping as catalog and shard have it, side by side. */
export interface MappingState {
  readonly mappingId: number;
  readonly low: string;
  readonly high: string | null;
  readonly shard: string;
  readonly catalog: { readonly state: string; readonly epoch: number; readonly held: boolean };
  readonly local: { readonly state: string; readonly epoch: number } | undefined;
}

/** Everything that catalog and shards say, read by plain statements that share nothing with the shard map's own. */
export interface WorldState {
  readonly version: number;
  readonly mappings: readonly MappingState[];
  /** Local mappings that the catalog does not have on that shard: `shard/mappingId`. */
  readonly strays: readonly string[];
  /** Kinds of operations that are not at their end. */
  readonly unfinished: readonly string[];
  readonly heldShards: number;
}

interface CatalogRow extends Row {
  readonly mappingId: number;
  readonly low: Uint8Array;
  readonly high: Uint8Array | null;
  readonly shard: string;
  readonly state: string;
  readonly epoch: number;
  readonly holder: string | null;
}

const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));

/** Reads the map `customers` of a world and the local maps of its shards. */
export async function readState(world: ShardMapWorld): Promise<WorldState> {
  const shards = (await world.store.listShards()).filter(({ state }) => state === 'ONLINE');
  const { rows } = await world.catalog.query<CatalogRow>(catalogByHand.mappings());
  const local = new Map<string, Pick<CatalogRow, 'low' | 'high' | 'state' | 'epoch'>>();
  for (const shard of shards) {
    const found = await world.access.open(shard).query<CatalogRow>(localByHand.rows());
    for (const row of found.rows) local.set(`${shard.name}/${row.mappingId}`, row);
  }
  const mappings = rows.map(({ mappingId, low, high, shard, state, epoch, holder }): MappingState => {
    const here = local.get(`${shard}/${mappingId}`);
    local.delete(`${shard}/${mappingId}`);
    const same = here !== undefined && hex(here.low) === hex(low) && hex(here.high) === hex(high);
    return {
      mappingId,
      low: hex(low) ?? '',
      high: hex(high),
      shard,
      catalog: { state, epoch, held: holder !== null },
      local: same ? { state: here.state, epoch: here.epoch } : undefined,
    };
  });
  const unfinished = await world.catalog.query<{ kind: string }>(catalogByHand.unfinished());
  const held = await world.catalog.query(catalogByHand.heldShards());
  const version = await world.catalog.query<{ version: number }>(catalogByHand.version());
  return {
    version: version.rows[0]!.version,
    mappings,
    strays: [...local.keys()],
    unfinished: unfinished.rows.map(({ kind }) => kind),
    heldShards: held.rows.length,
  };
}

/** Fails unless catalog and shards agree on everything and nothing is held or unfinished. */
export function expectSettled(state: WorldState): void {
  expect(state.unfinished, 'unfinished operations').toEqual([]);
  expect(state.heldShards, 'shards that are held').toBe(0);
  expect(state.strays, 'local mappings that the catalog does not have').toEqual([]);
  for (const { mappingId, catalog, local } of state.mappings) {
    expect({ mappingId, ...local, held: false }, 'local mapping').toEqual({ mappingId, ...catalog });
    expect(['ONLINE', 'OFFLINE']).toContain(catalog.state);
  }
}

/** `enter` for a key by the catalog's present mapping, and where; undefined where it has none. */
export async function enterStatement(world: ShardMapWorld, key: number): Promise<{ statement: Sql; address: ShardAddress } | undefined> {
  const { keyType, mapId } = (await world.store.findMap('customers'))!;
  const bytes = tenantKey(keyType, key).bytes;
  const mapping = await world.store.findMapping(mapId, bytes);
  if (mapping === undefined) return undefined;
  const { address } = (await world.store.getShard(mapping.shardId))!;
  const token = tokenOfTests('customers', mapping.mappingId, mapping.epoch);
  return {
    statement: enterStatements[address.engine === 'mssql' ? 'mssql' : 'postgres'](mapping.mappingId, bytes, mapping.epoch, token),
    address,
  };
}

/** How each engine is asked to let a transaction in. */
export const enterStatements = {
  postgres: (mappingId: number, key: Uint8Array, epoch: number, token: Uint8Array) =>
    sql`select tenantry.enter(${mappingId}, ${key}, ${ticketBytes({ epoch, token })})`,
  mssql: (mappingId: number, key: Uint8Array, epoch: number, token: Uint8Array) =>
    sql`EXEC [tenantry].[enter] ${mappingId}, ${key}, ${epoch}, ${token}`,
} as const;

/** What `enter` as app says to a request for a key: `admitted`, or the reason of the refusal. */
export async function enterAs(world: ShardMapWorld, key: number): Promise<string> {
  const entry = await enterStatement(world, key);
  if (entry === undefined) return 'absent';
  try {
    await world.app(entry.address).transaction((session) => session.query(entry.statement));
    return 'admitted';
  } catch (error) {
    const reason = reasonOf(error);
    if (reason !== undefined) return reason;
    throw error;
  }
}

/** Why an entry was refused, where that is what an error of the program's own work says. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof EntryRefused) return error.refusal.reason;
  if (!(error instanceof TenantryError) || !(error.cause instanceof SqlFailure) || error.cause.number === undefined) return undefined;
  return error.cause.number === 51_005 ? 'MOVED' : refusals.get(error.cause.number);
}
