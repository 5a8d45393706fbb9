import { compileSql } from '../../../src/core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../../src/core/sql.ts';
import type { Entry } from '../../../src/engine/entry.ts';
import { postgresDialect } from '../../../src/engine/postgres/postgres-dialect.ts';
import { mappingToken, type FleetKey } from '../../../shardmap/mapping-token.ts';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { createTestShard, type TestShard } from '../../support/postgres-shard.ts';
import { startPostgres } from '../../support/servers/postgres.ts';

/** 1,000 tenants over two shard servers of a million rows each. */
export const tenants = 1_000;
export const shardCount = 2;
export const rowsPerTenant = 2_000;

/** Who owns the table and writes queries with an explicit `where`: nobody's policies bind it. */
export const owner = { user: 'bench_owner', password: 'bench-owner' };
/** A login of tenant traffic that may set the context itself: what a lean connection without a fence would do. */
export const lean = { user: 'bench_lean', password: 'bench-lean' };

/** The world of the routing benchmark: tenant t lives on shard t % 2 under mapping t. */
export interface RoutingWorld {
  readonly shards: readonly TestShard[];
  readonly entries: readonly Entry[];
  close(): Promise<void>;
}

export const shardOf = (tenant: number): number => tenant % shardCount;

/** Statements as a caller of Tenantry writes them; the tenant is the context's. */
export const readStatement = (blogId: number): Sql => sql`select "BlogId", "Name" from "Blogs" where "BlogId" = ${blogId}`;
export const insertStatement = (blogId: number): Sql => sql`insert into "Blogs" ("BlogId", "Name") values (${blogId}, ${'a new blog'})`;
export const read = (blogId: number) => compileSql(readStatement(blogId), postgresDialect);
export const insert = (blogId: number) => compileSql(insertStatement(blogId), postgresDialect);

const fleetKey = new Uint8Array(32).fill(7) as FleetKey;
/** The token of a mapping, made as a service makes it. */
export const tokenOf = (mappingId: number, epoch: number): Uint8Array => mappingToken(fleetKey, 'customers', mappingId, epoch);

/** Starts the servers and loads the rows: some twenty seconds. */
export async function createRoutingWorld(): Promise<RoutingWorld> {
  const worlds = await Promise.all(
    Array.from({ length: shardCount }, async (_, index) => {
      const server = await startPostgres({
        fsync: false,
        settings: { max_connections: 100, shared_buffers: '512MB', autovacuum: 'off', max_wal_size: '4GB' },
      });
      const shard = await createTestShard(server, `shard${index}`);
      await load(shard, index);
      return { server, shard };
    }),
  );
  return {
    shards: worlds.map(({ shard }) => shard),
    entries: Array.from({ length: tenants + 1 }, (_, tenant) => ({
      mappingId: tenant,
      key: encodeInt(tenant),
      epoch: 1,
      token: tokenOf(tenant, 1),
      isPoint: true,
    })),
    close: async () => {
      for (const { server, shard } of worlds) {
        await shard.close();
        await server.stop();
      }
    },
  };
}

async function load({ root }: TestShard, index: number): Promise<void> {
  await root.query(sql`insert into "Blogs" ("TenantId", "BlogId", "Name")
    select t, b, 'blog ' || t || '/' || b from generate_series(1, ${tenants}::integer) t, generate_series(1, ${rowsPerTenant}::integer) b
    where t % ${shardCount}::integer = ${index}`);
  for (let tenant = 1; tenant <= tenants; tenant += 1) {
    if (shardOf(tenant) !== index) continue;
    await root.query(sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
      values (${tenant}, 'point', ${encodeInt(tenant)}, 'ONLINE', 1, ${tokenOf(tenant, 1)})`);
  }
  // The base line writes without the triggers of Tenantry, which look closely at whoever has not entered.
  await root.query(
    sqlText(`create role ${owner.user} login bypassrls password '${owner.password}';
      create role ${lean.user} login password '${lean.password}';
      grant tenantry_app to ${lean.user};
      grant set on parameter backtrace_functions to ${lean.user};
      grant execute on function set_config(text, text, boolean) to ${lean.user};
      alter table "Blogs" owner to ${owner.user};
      alter role ${owner.user} set session_replication_role = replica;
      grant usage on schema tenantry to ${owner.user};
      grant execute on function tenantry.context(), tenantry.current_tenant() to ${owner.user}`),
  );
  await root.query(sqlText('vacuum (freeze, analyze) "Blogs"'));
  await root.query(sqlText('vacuum (freeze, analyze) tenantry.local_mapping'));
  await root.query(sqlText('checkpoint'));
}
