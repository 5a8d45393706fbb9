import { randomBytes } from 'node:crypto';
import { encodeInt } from '../../shardmap/key-encoding.ts';
import { compileSql, type CompiledSql } from '../../src/core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../src/core/sql.ts';
import type { ConnectionExpectations, EngineConnection } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createTestShard, shardLogins, type TestShard } from './postgres-shard.ts';
import { startPostgres, type PostgresServer } from './servers/postgres.ts';
import { expectationsOf } from './shard-expectations.ts';

/** A shard on a server of its own, with tenants 1 and 2, each under a mapping of its id, as connections of app meet it. */
export interface AppShard {
  readonly server: PostgresServer;
  readonly shard: TestShard;
  /** What a connection is checked against. */
  readonly expected: ConnectionExpectations;
  /** Opens a connection as app; the caller closes it. */
  connect(): Promise<EngineConnection>;
  close(): Promise<void>;
}

const engine = createPostgresEngine();
const token = randomBytes(16);

/** How statements run that write, and that say that they only read. */
export const write = { readOnly: false, timeoutMs: 10_000 };
export const read = { readOnly: true, timeoutMs: 10_000 };

/** What a router shows for one of the two tenants, by the form of the fence for any mapping or for one of one key. */
export function entryOf(tenant: number, isPoint = false): Entry {
  return { mappingId: tenant, key: encodeInt(tenant), epoch: 1, token, isPoint };
}

/** A statement as a connection takes it. */
export function compiled(statement: Sql): CompiledSql {
  return compileSql(statement, engine.dialect);
}

/** Writes one row of the tenant. */
export function insert(id: number): Sql {
  return sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'x')`;
}

/** Starts the server; `traps` is the database. */
export async function startAppShard(): Promise<AppShard> {
  const server = await startPostgres({ fsync: false, settings: { max_prepared_transactions: 1 } });
  const shard = await createTestShard(server, 'traps');
  const expected = expectationsOf(shard);
  // As where the bootstrap could not take it away: blocks must do no harm either.
  await shard.root.query(sqlText('grant usage on language plpgsql to tenantry_app'));
  // For tests that look at what is left on a connection.
  await shard.root.query(sqlText('grant execute on function pg_prepared_statement() to tenantry_app'));
  for (const tenant of [1, 2]) {
    await shard.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${tenant}, 'point', ${encodeInt(tenant)}, 'ONLINE', 1, ${token})`,
    );
  }
  return {
    server,
    shard,
    expected,
    connect: () => engine.connect(shard.address, shardLogins.app, expected),
    close: async () => {
      await shard.close();
      await server.stop();
    },
  };
}
