import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/core/clock.ts';
import type { Login } from '../../src/core/principal.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sqlText } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createPostgresProvisioner } from '../../src/engine/postgres/provisioner.ts';
import { catalogSchemaFiles } from '../../src/engine/schema-files.ts';
import { provision } from '../../src/policy/provision.ts';
import { createShardMapManager, type ShardMapManager, type ShardMapManagerOptions } from '../../shardmap/manager.ts';
import type { MappingChange } from '../../shardmap/shard-access.ts';
import type { ShardMapKind } from '../../shardmap/shard-map.ts';
import { SqlShardMapStore } from '../../shardmap/sql-store.ts';
import { shardLogins } from './shard-logins.ts';
import { startPostgres, type PostgresServer } from './servers/postgres.ts';
import { tokenOfTests, TestShardAccess } from './shard-map-access.ts';

/** Real servers for the shard map: one with a catalog, one with databases prepared to be shards. */
export interface ShardMapWorld {
  readonly catalogServer: PostgresServer;
  readonly shardServer: PostgresServer;
  readonly catalog: SqlDatabase;
  readonly catalogAddress: ShardAddress;
  readonly store: SqlShardMapStore;
  readonly access: TestShardAccess;
  /** What was published so far, by every manager of the world. */
  readonly published: MappingChange[];
  readonly manager: ShardMapManager;
  /** Another manager over the same databases, as another process would have. */
  createManager(options?: Partial<ShardMapManagerOptions>): ShardMapManager;
  /** A database prepared to be a shard: provisioned, with the tables Blogs and Posts, not installed. */
  prepareDatabase(name: string): Promise<ShardAddress>;
  /** A database as the server's own superuser. */
  root(address: ShardAddress): SqlDatabase;
  /** A shard's database as `app`. */
  app(address: ShardAddress): SqlDatabase;
  close(): Promise<void>;
}

/** Starts a world with the map `customers` (int keys) and the given shards. */
export async function startShardMapWorld(kind: ShardMapKind, shards: readonly string[] = ['a', 'b']): Promise<ShardMapWorld> {
  const [catalogServer, shardServer] = await Promise.all([startPostgres(), startPostgres()]);
  await catalogServer.createDatabase('catalog');
  const engine = createPostgresEngine();
  const opened = new Map<string, SqlDatabase>();
  const open = (address: ShardAddress, login: Login): SqlDatabase => {
    const name = `${login.user} ${address.port} ${address.database}`;
    const database = opened.get(name) ?? engine.open(address, login);
    opened.set(name, database);
    return database;
  };
  const catalogAddress = addressOf(catalogServer, 'catalog');
  const catalog = open(catalogAddress, catalogServer);
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
      drainMs: 5_000,
      retention: { operations: 1_000, days: 30 },
      ...options,
    });
  const prepareDatabase = async (name: string): Promise<ShardAddress> => {
    await shardServer.createDatabase(name);
    const address = addressOf(shardServer, name);
    const root = engine.open(address, shardServer);
    await provision(root, createPostgresProvisioner(), { logins: shardLogins, contextProtection: 'guarded' });
    await root.close();
    const admin = engine.open(address, shardLogins.admin);
    await admin.query(
      sqlText(`create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
        create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer not null, primary key ("TenantId", "PostId"),
          foreign key ("TenantId", "BlogId") references "Blogs");
        grant select, insert, update, delete on "Blogs", "Posts" to tenantry_app`),
    );
    await admin.close();
    return address;
  };
  const manager = createManager();
  await manager.maps.create({ name: 'customers', kind, keyType: 'int', context: 'TenantId' });
  for (const name of shards) await manager.shards.add(name, await prepareDatabase(name));
  return {
    catalogServer,
    shardServer,
    catalog,
    catalogAddress,
    store,
    access,
    published,
    manager,
    createManager,
    prepareDatabase,
    root: (address) => open(address, shardServer),
    app: (address) => open(address, shardLogins.app),
    async close() {
      await Promise.all([access.close(), ...[...opened.values()].map((database) => database.close())]);
      await Promise.all([catalogServer.stop(), shardServer.stop()]);
    },
  };
}

function addressOf(server: PostgresServer, database: string): ShardAddress {
  return { engine: 'postgres', host: server.host, port: server.port, database, tls: 'disable' };
}
