import pg from 'pg';
import { systemClock } from '../../../src/core/clock.ts';
import type { CompiledSql } from '../../../src/core/compile-sql.ts';
import { sql } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { clientConfig } from '../../../src/engine/postgres/client-config.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { createMetrics } from '../../../src/http/observe/metrics.ts';
import { createRouter } from '../../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import type { Router } from '../../../src/router/router.ts';
import { createLookup } from '../../../shardmap/lookup.ts';
import { shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import type { Side } from '../harness/interleave.ts';
import { callers } from '../harness/interleave.ts';
import { cpuMicrosOf, ownCpuMicros } from './cpu.ts';
import { LeanConnection, processIdOf } from './lean-connection.ts';
import { itemOf, LentConnections } from './lent-connections.ts';
import {
  tokenOf,
  insert,
  insertStatement,
  lean,
  owner,
  read,
  readStatement,
  rowsPerTenant,
  shardCount,
  shardOf,
  tenants,
  type RoutingWorld,
} from './world.ts';
import { signerOfTests } from '../../support/accepting.ts';

/** One row of the answer, or none. */
type Answer = readonly Record<string, unknown>[];

/**
 * A way to do the same work, with as many connections to every shard as there are callers. All lend the connection of a
 * shard that was used last first, as pools do: which backends are warm is the same for all.
 */
export interface Contender {
  readonly name: string;
  readonly processIds: readonly number[];
  read(tenant: number, blogId: number): Promise<Answer>;
  insert?(tenant: number, blogId: number): Promise<Answer>;
  close(): Promise<void>;
}

const ownerRead = `select "BlogId", "Name" from "Blogs" where "TenantId" = $1 and "BlogId" = $2`;
const ownerInsert = `insert into "Blogs" ("TenantId", "BlogId", "Name") values ($1, $2, $3)`;

/** As a service does it: lookup, the tenant's turn, a pooled connection of its shard, enter and the statement in one round trip. */
export async function routed(world: RoutingWorld, count: number): Promise<Contender> {
  const { router, processIds } = await openRouter(world, count);
  return {
    name: 'routed',
    processIds,
    read: async (tenant, blogId) => (await router.query(tenant, readStatement(blogId), { readOnly: true })).rows,
    insert: async (tenant, blogId) => (await router.query(tenant, insertStatement(blogId))).rows,
    close: () => router.close(),
  };
}

/** The router over a lookup that knows every tenant, with as many connections to every shard as there are callers. */
async function openRouter(
  world: RoutingWorld,
  count: number,
): Promise<{ readonly router: Router; readonly processIds: readonly number[] }> {
  const lookup = createLookup({ map: { kind: 'list', keyType: 'int' }, findMapping: async () => undefined, clock: systemClock });
  for (let tenant = 1; tenant <= tenants; tenant += 1)
    lookup.learn(tenant, { mappingId: tenant, shardId: String(shardOf(tenant)), epoch: 1 });
  const router = createRouter({
    keyType: 'int',
    pointsOnly: true,
    routes: lookup,
    connect: (shardId) => connectApp(itemOf(world.shards, Number(shardId))),
    tokens: [tokenOf],
    // None is closed as idle: the processes whose time is counted stay the same.
    limits: { ...defaultRouterLimits, poolPerShard: count, idleMs: 3_600_000 },
    clock: systemClock,
    random: Math.random,
    observer: createMetrics().router,
  });
  let inside = 0;
  const allInside = Promise.withResolvers<void>();
  const processIds = await Promise.all(
    Array.from({ length: count * shardCount }, (_, index) =>
      router.withTenant(index + 1, async (session) => {
        const { rows } = await session.query<{ pid: number }>(sql`select pg_backend_pid() as pid`);
        inside += 1;
        if (inside === count * shardCount) allInside.resolve();
        await allInside.promise;
        return rows[0]?.pid ?? 0;
      }),
    ),
  );
  return { router, processIds };
}

/** The engine's connection alone, without the router: enter and the statement in one round trip. */
export async function engineAlone(world: RoutingWorld, count: number): Promise<Contender> {
  const connections = await LentConnections.open(count, world, connectApp);
  const run = async (tenant: number, statement: CompiledSql, readOnly: boolean): Promise<Answer> =>
    await connections.use(
      shardOf(tenant),
      async (connection) => (await connection.execute(itemOf(world.entries, tenant), statement, { readOnly, timeoutMs: 15_000 })).rows,
    );
  const processIds = await connections.all(async (connection, shard) => {
    const { rows } = await connection.execute<{ pid: number }>(
      itemOf(world.entries, shardCount + shard),
      { text: 'select pg_backend_pid() as pid', values: [] },
      { readOnly: true, timeoutMs: 1_000 },
    );
    return rows[0]?.pid ?? 0;
  });
  return {
    name: 'the engine alone',
    processIds,
    read: (tenant, blogId) => run(tenant, read(blogId), true),
    insert: (tenant, blogId) => run(tenant, insert(blogId), false),
    close: () => connections.close((connection) => connection.close()),
  };
}

/** pg's own prepared statement by the owner of the table, with an explicit `where`: what people write. */
export async function pgPrepared(world: RoutingWorld, count: number): Promise<Contender> {
  const clients = await pgClients(world, count, owner);
  const run = async (tenant: number, query: pg.QueryConfig): Promise<Answer> =>
    await clients.use(shardOf(tenant), async (client) => (await client.query<Record<string, unknown>>(query)).rows);
  return {
    name: "pg's prepared query",
    processIds: await clients.all(processIdOf),
    read: (tenant, blogId) => run(tenant, { name: 'r', text: ownerRead, values: [tenant, blogId] }),
    insert: (tenant, blogId) => run(tenant, { name: 'i', text: ownerInsert, values: [tenant, blogId, 'a new blog'] }),
    close: () => clients.close((client) => client.end()),
  };
}

/** The engine's wire code with the same statement as `pgPrepared`: what security costs in all. */
export async function leanBare(world: RoutingWorld, count: number): Promise<Contender> {
  const connections = await LentConnections.open(count, world, ({ address }) => LeanConnection.open(address, owner));
  return {
    name: 'lean, no security',
    processIds: await connections.all(({ processId }) => processId),
    read: (tenant, blogId) =>
      connections.use(shardOf(tenant), (connection) => connection.bare({ text: ownerRead, values: [tenant, blogId] })),
    close: () => connections.close((connection) => connection.close()),
  };
}

/** The engine's wire code with `set_config` in place of enter: what the fence costs. */
export async function leanContext(world: RoutingWorld, count: number): Promise<Contender> {
  const connections = await LentConnections.open(count, world, ({ address }) => LeanConnection.open(address, lean));
  const contexts = world.entries.map(({ key }) => `tenantry_x${Buffer.from(key).toString('hex')}`);
  return {
    name: 'lean set_config, no fence',
    processIds: await connections.all(({ processId }) => processId),
    read: (tenant, blogId) =>
      connections.use(shardOf(tenant), (connection) => connection.withContext(itemOf(contexts, tenant), read(blogId))),
    close: () => connections.close((connection) => connection.close()),
  };
}

/** BEGIN, set_config, the query and COMMIT, awaited one by one. */
export async function awaited(world: RoutingWorld, count: number): Promise<Contender> {
  const clients = await pgClients(world, count, lean);
  const contexts = world.entries.map(({ key }) => `tenantry_x${Buffer.from(key).toString('hex')}`);
  return {
    name: 'BEGIN, set_config, query, COMMIT',
    processIds: await clients.all(processIdOf),
    read: (tenant, blogId) =>
      clients.use(shardOf(tenant), async (client) => {
        const { text, values } = read(blogId);
        await client.query('begin');
        await client.query({ name: 'c', text: `select set_config('backtrace_functions', $1, true)`, values: [itemOf(contexts, tenant)] });
        const { rows } = await client.query<Record<string, unknown>>({ name: 'r', text, values: [...values] });
        await client.query('commit');
        return rows;
      }),
    close: () => clients.close((client) => client.end()),
  };
}

/** Random reads as a side, with the CPU that they took on both ends. */
export class MeasuredSide implements Side {
  readonly name: string;
  readonly #contender: Contender;
  readonly #side: Side;
  #operations = 0;
  #serverMicros = 0;
  #clientMicros = 0;

  constructor(contender: Contender, count: number, operation: () => Promise<unknown>) {
    this.name = contender.name;
    this.#contender = contender;
    this.#side = callers(contender.name, count, operation);
  }

  async slice(ms: number): Promise<number> {
    const server = cpuMicrosOf(this.#contender.processIds);
    const client = ownCpuMicros();
    const done = await this.#side.slice(ms);
    this.#clientMicros += ownCpuMicros() - client;
    this.#serverMicros += cpuMicrosOf(this.#contender.processIds) - server;
    this.#operations += done;
    return done;
  }

  /** Microseconds of CPU for one operation. */
  get micros(): { readonly server: number; readonly client: number } {
    return { server: this.#serverMicros / this.#operations, client: this.#clientMicros / this.#operations };
  }
}

/** One read of a random row of a random tenant; throws unless exactly that row came. */
export async function randomRead(contender: Contender, random: () => number): Promise<string> {
  const tenant = 1 + Math.floor(random() * tenants);
  const blogId = 1 + Math.floor(random() * rowsPerTenant);
  const [row, ...more] = await contender.read(tenant, blogId);
  if (row === undefined || more.length > 0 || row['BlogId'] !== blogId || row['Name'] !== `blog ${tenant}/${blogId}`) {
    throw new Error(`${contender.name} gave a wrong answer for blog ${blogId} of tenant ${tenant}.`);
  }
  return row['Name'];
}

function connectApp({ address, shardId, incarnation }: TestShard): Promise<EngineConnection> {
  return createPostgresEngine().connect(address, shardLogins.app, {
    shardId,
    incarnation,
    signer: signerOfTests(shardId),
    tables: [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
    contextProtection: 'guarded',
  });
}

async function pgClients(
  world: RoutingWorld,
  count: number,
  login: { user: string; password: string },
): Promise<LentConnections<pg.Client>> {
  return await LentConnections.open(count, world, async ({ address }) => {
    const client = new pg.Client(clientConfig(address, login));
    await client.connect();
    return client;
  });
}
