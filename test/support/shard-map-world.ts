import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/core/clock.ts';
import type { Login } from '../../src/core/principal.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { catalogSchemaFiles } from '../../src/engine/schema-files.ts';
import { createShardMapManager, type ShardMapManager, type ShardMapManagerOptions } from '../../shardmap/manager.ts';
import type { MappingChange } from '../../shardmap/shard-access.ts';
import type { ShardMapKind } from '../../shardmap/shard-map.ts';
import { SqlShardMapStore } from '../../shardmap/sql-store.ts';
import type { EngineGround, GroundServer } from './grounds/engine-ground.ts';
import { loginsOf } from './grounds/logins.ts';
import { allOnPostgres, type MapGrounds } from './grounds/map-grounds.ts';
import type { PostgresGroundServer } from './grounds/postgres-ground.ts';
import type { PostgresServer } from './servers/postgres.ts';
import { engineFor, tokenOfTests, TestShardAccess } from './shard-map-access.ts';

/** Real servers for the shard map: one with a catalog, one or two with databases prepared to be shards. */
export interface ShardMapWorld {
  readonly catalog: SqlDatabase;
  readonly catalogAddress: ShardAddress;
  readonly store: SqlShardMapStore;
  readonly access: TestShardAccess;
  /** What was published so far, by every manager of the world. */
  readonly published: MappingChange[];
  readonly manager: ShardMapManager;
  /** Another manager over the same databases, as another process would have. */
  createManager(options?: Partial<ShardMapManagerOptions>): ShardMapManager;
  /** What another process has of the catalog. */
  createStore(catalog: SqlDatabase): SqlShardMapStore;
  /** A database prepared to be a shard: provisioned, with the tables Blogs and Posts, not installed. */
  prepareDatabase(name: string): Promise<ShardAddress>;
  /** A database as the server's own superuser. */
  root(address: ShardAddress): SqlDatabase;
  /** A shard's database as `app`. */
  app(address: ShardAddress): SqlDatabase;
  /** No shard is reached until they are brought back. */
  takeShardsAway(): Promise<void>;
  bringShardsBack(): Promise<void>;
  close(): Promise<void>;
}

/** A world whose servers are PostgreSQL's own processes, and can be hurt. */
export interface PostgresWorld extends ShardMapWorld {
  readonly catalogServer: PostgresServer;
  readonly shardServer: PostgresServer;
}

/** Starts a world on PostgreSQL, with a server for the catalog and one for the shards. */
export async function startPostgresWorld(kind: ShardMapKind, shards?: readonly string[]): Promise<PostgresWorld> {
  const { world, catalogServer, shardServers } = await startServersAndWorld(allOnPostgres, kind, shards);
  const processOf = (server: GroundServer): PostgresServer => (server as PostgresGroundServer).server;
  return { ...world, catalogServer: processOf(catalogServer), shardServer: processOf(shardServers[0]!) };
}

/** Starts a world with the map `customers` (int keys) and the given shards. */
export async function startShardMapWorld(grounds: MapGrounds, kind: ShardMapKind, shards?: readonly string[]): Promise<ShardMapWorld> {
  return (await startServersAndWorld(grounds, kind, shards)).world;
}

async function startServersAndWorld(
  grounds: MapGrounds,
  kind: ShardMapKind,
  shards: readonly string[] = ['a', 'b'],
): Promise<{ world: ShardMapWorld; catalogServer: GroundServer; shardServers: readonly GroundServer[] }> {
  const shardGrounds: readonly EngineGround[] = [...new Set([grounds.firstShard, grounds.otherShards])];
  const [catalogServer, ...shardServers] = await Promise.all([grounds.catalog.start(), ...shardGrounds.map((ground) => ground.start())]);
  if (catalogServer === undefined) throw new Error('A world has a catalog.');
  const serverOf = (ground: EngineGround): GroundServer => shardServers[shardGrounds.indexOf(ground)]!;
  const roots = new Map<string, GroundServer>();
  const opened = new Map<string, SqlDatabase>();
  const open = (address: ShardAddress, login: Login): SqlDatabase => {
    const name = `${login.user} ${address.port} ${address.database}`;
    const database = opened.get(name) ?? engineFor(address).open(address, login);
    opened.set(name, database);
    return database;
  };
  const catalogAddress = await catalogServer.createDatabase('catalog');
  const catalog = open(catalogAddress, catalogServer.superuser);
  for (const file of catalogSchemaFiles) await catalog.script(file);
  const store = new SqlShardMapStore(catalog);
  const access = new TestShardAccess();
  const published: MappingChange[] = [];
  const createManager = (options: Partial<ShardMapManagerOptions> = {}): ShardMapManager =>
    createShardMapManager({
      store,
      access,
      clock: systemClock,
      publish: async (change) => void published.push(change),
      tokenOf: tokenOfTests,
      leaseMs: 15_000,
      map: 'customers',
      newId: randomUUID,
      waitMs: 0,
      drainMs: 30_000,
      retention: { operations: 1_000, days: 30 },
      ...options,
    });
  const prepareDatabase = async (name: string): Promise<ShardAddress> => {
    const server = serverOf(name === shards[0] ? grounds.firstShard : grounds.otherShards);
    const address = await server.createDatabase(name);
    await server.prepareShard(address);
    roots.set(`${address.port} ${address.database}`, server);
    return address;
  };
  const manager = createManager();
  await manager.maps.create({ name: 'customers', kind, keyType: 'int', context: 'TenantId' });
  for (const name of shards) await manager.shards.add(name, await prepareDatabase(name));
  const world: ShardMapWorld = {
    catalog,
    catalogAddress,
    store,
    access,
    published,
    manager,
    createManager,
    createStore: (database) => new SqlShardMapStore(database),
    prepareDatabase,
    root: (address) => open(address, (roots.get(`${address.port} ${address.database}`) ?? catalogServer).superuser),
    app: (address) => open(address, loginsOf(address).app),
    takeShardsAway: () => all(shardServers, (server) => server.takeAway()),
    bringShardsBack: () => all(shardServers, (server) => server.bringBack()),
    async close() {
      await Promise.all([access.close(), ...[...opened.values()].map((database) => database.close())]);
      await all([catalogServer, ...shardServers], (server) => server.stop());
    },
  };
  return { world, catalogServer, shardServers };
}

async function all(servers: readonly GroundServer[], act: (server: GroundServer) => Promise<void>): Promise<void> {
  await Promise.all(servers.map(act));
}
