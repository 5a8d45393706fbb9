import { mappingToken, fleetKeyFromBase64 } from '../../shardmap/mapping-token.ts';
import type { MappingKeys } from '../../shardmap/mapping.ts';
import type { ShardAccess } from '../../shardmap/shard-access.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { SqlDatabase, SqlSession } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { shardLogins } from './shard-logins.ts';

const fleetKey = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'TENANTRY_FLEET_KEY');

/** Tokens of all tests of the shard map. */
export function tokenOfTests(mapName: string, mappingId: number, epoch: number): Uint8Array {
  return mappingToken(fleetKey, mapName, mappingId, epoch);
}

/** Access to shards as `shop_admin`, wherever `route` says that an address is to be reached. */
export class TestShardAccess implements ShardAccess {
  readonly #engine = createPostgresEngine();
  readonly #route: (address: ShardAddress) => ShardAddress;
  readonly #databases = new Map<string, SqlDatabase>();
  readonly #tables = [
    { table: 'Blogs', tenantColumn: 'TenantId' },
    { table: 'Posts', tenantColumn: 'TenantId' },
  ];

  constructor(route: (address: ShardAddress) => ShardAddress = (address) => address) {
    this.#route = route;
  }

  open({ address }: Shard): SqlDatabase {
    const { host, port, database } = this.#route(address);
    const name = `${host}:${port}/${database}`;
    const opened = this.#databases.get(name) ?? this.#engine.open(this.#route(address), shardLogins.admin);
    this.#databases.set(name, opened);
    return opened;
  }

  async identify(shard: Shard): Promise<string> {
    return (await this.open(shard).run<{ incarnation: string }>('engine/incarnation')).rows[0]!.incarnation;
  }

  async install(shard: Shard, { keyType }: ShardMap): Promise<void> {
    // Imported when needed: processes that tests start are to be up at once.
    const { installShard } = await import('../../src/policy/install.ts');
    const { postgresPolicyRenderer } = await import('../../src/engine/postgres/policy-renderer.ts');
    const engine = { ...this.#engine, renderer: postgresPolicyRenderer };
    await installShard(this.open(shard), engine, { tables: this.#tables, keyType, contextProtection: 'guarded' });
  }

  async purge(session: SqlSession, _shard: Shard, { keyType }: ShardMap, keys: MappingKeys, limit: number): Promise<number> {
    const { purgeRows } = await import('../../src/policy/purge.ts');
    const { postgresPolicyRenderer } = await import('../../src/engine/postgres/policy-renderer.ts');
    return purgeRows(session, { ...this.#engine, renderer: postgresPolicyRenderer }, { tables: this.#tables, keyType, keys, limit });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#databases.values()].map((database) => database.close()));
  }
}
