import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { sqlText, type Sql } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { createPostgresProvisioner } from '../../../src/engine/postgres/provisioner.ts';
import type { KeyType } from '../../../shardmap/key.ts';
import { provision } from '../../../src/policy/provision.ts';
import { startPostgres, type PostgresServer } from '../servers/postgres.ts';
import { shardLogins } from '../shard-logins.ts';
import type { EngineGround, GroundServer } from './engine-ground.ts';
import { emptyDatabase } from '../empty-database.ts';

/** A PostgreSQL of one's own, as a ground. */
export interface PostgresGroundServer extends GroundServer {
  readonly server: PostgresServer;
}

/** Each start is a server of its own. */
export const postgresGround = {
  engine: 'postgres',
  title: 'PostgreSQL',
  need: 'postgres',
  readers: ['see versions'],
  start: startPostgresGround,
} as const satisfies EngineGround;

async function startPostgresGround(): Promise<PostgresGroundServer> {
  const server = await startPostgres();
  const engine = createPostgresEngine();
  return {
    server,
    superuser: { user: server.user, password: server.password },
    async createDatabase(name) {
      await server.createDatabase(name);
      return { engine: 'postgres', host: server.host, port: server.port, database: name, tls: 'disable' };
    },
    async makeTables(address) {
      const root = engine.open(address, server);
      await root.query(tables('int'));
      await root.close();
    },
    async prepareShard(address: ShardAddress, keyType = 'int') {
      const root = engine.open(address, server);
      await provision(root, createPostgresProvisioner(), { ...emptyDatabase, logins: shardLogins });
      await root.close();
      const admin = engine.open(address, shardLogins.admin);
      await admin.query(tables(keyType));
      await admin.query(sqlText('grant select, insert, update, delete on "Blogs", "Posts" to tenantry_app'));
      await admin.close();
    },
    takeAway: () => server.kill(),
    bringBack: () => server.restart(),
    stop: () => server.stop(),
  };
}

const columnTypes: Readonly<Record<KeyType, string>> = { int: 'integer', bigint: 'bigint', uuid: 'uuid', string: 'text', bytes: 'bytea' };

const tables = (keyType: KeyType): Sql =>
  sqlText(`create table "Blogs" ("TenantId" ${columnTypes[keyType]} not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
  create table "Posts" ("TenantId" ${columnTypes[keyType]} not null, "PostId" integer not null, "BlogId" integer not null, primary key ("TenantId", "PostId"),
    foreign key ("TenantId", "BlogId") references "Blogs")`);
