import { expect } from 'vitest';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql, sqlText, type Sql } from '../../src/core/sql.ts';
import { EntryRefused } from '../../src/engine/entry.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { ticketBytes } from './ticket-bytes.ts';
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

type CatalogRow = { mappingId: number; low: string; high: string | null; shard: string; state: string; epoch: number; held: boolean };
type LocalRow = { mappingId: number; low: string; high: string | null; state: string; epoch: number };

/** Reads the map `customers` of a world and the local maps of its shards. */
export async function readState(world: ShardMapWorld): Promise<WorldState> {
  const shards = (await world.store.listShards()).filter(({ state }) => state === 'ONLINE');
  const { rows } = await world.catalog.query<CatalogRow>(
    sqlText(`select m.mapping_id as "mappingId", encode(m.low, 'hex') as low, encode(m.high, 'hex') as high, s.name as shard,
      m.state, m.epoch, m.operation_id is not null as held
      from tenantry.mapping m join tenantry.shard s using (shard_id) order by m.low`),
  );
  const local = new Map<string, LocalRow>();
  for (const shard of shards) {
    const found = await world.access
      .open(shard)
      .query<LocalRow>(
        sqlText(
          `select mapping_id as "mappingId", encode(low, 'hex') as low, encode(high, 'hex') as high, state, epoch from tenantry.local_mapping`,
        ),
      );
    for (const row of found.rows) local.set(`${shard.name}/${row.mappingId}`, row);
  }
  const mappings = rows.map(({ mappingId, low, high, shard, state, epoch, held }): MappingState => {
    const here = local.get(`${shard}/${mappingId}`);
    local.delete(`${shard}/${mappingId}`);
    const same = here?.low === low && here.high === high;
    return {
      mappingId,
      low,
      high,
      shard,
      catalog: { state, epoch, held },
      local: same ? { state: here.state, epoch: here.epoch } : undefined,
    };
  });
  const unfinished = await world.catalog.query<{ kind: string }>(
    sqlText(`select kind from tenantry.operation where state not in ('DONE', 'UNDONE')`),
  );
  const held = await world.catalog.query<{ n: number }>(sqlText(`select count(*) as n from tenantry.shard where operation_id is not null`));
  const version = await world.catalog.query<{ version: number }>(sql`select version from tenantry.shard_map where name = ${'customers'}`);
  return {
    version: version.rows[0]!.version,
    mappings,
    strays: [...local.keys()],
    unfinished: unfinished.rows.map(({ kind }) => kind),
    heldShards: held.rows[0]!.n,
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
  const ticket = ticketBytes({ epoch: mapping.epoch, token });
  return { statement: sql`select tenantry.enter(${mapping.mappingId}, ${bytes}, ${ticket})`, address };
}

/** What `enter` as app says to a request for a key: `admitted`, or the reason of the refusal. */
export async function enterAs(world: ShardMapWorld, key: number): Promise<string> {
  const entry = await enterStatement(world, key);
  if (entry === undefined) return 'absent';
  try {
    await world.app(entry.address).query(entry.statement);
    return 'admitted';
  } catch (error) {
    if (error instanceof EntryRefused) return error.refusal.reason;
    throw error;
  }
}
