import type pg from 'pg';
import { systemClock } from '../../../src/core/clock.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { createMetrics } from '../../../src/http/observe/metrics.ts';
import { createRouter } from '../../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import type { Router } from '../../../src/router/router.ts';
import { ticketBytes } from '../../support/ticket-bytes.ts';
import { routedTables, shardId, tokenOf, entryOf, rowsOf, type World } from './world.ts';
import { signerOfTests } from '../../support/accepting.ts';

export type Rows = readonly Record<string, unknown>[];
type RunStatement = (text: string) => Promise<Rows>;

/** Requests of several tenants, one after another, over one and the same connection. */
export interface Traffic {
  query(tenant: number, text: string): Promise<Rows>;
  transaction(
    tenant: number,
    options: { signal?: AbortSignal; timeoutMs?: number },
    work: (run: RunStatement) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** The traffic of a world: over the router with a pool of one, unless the world's defence is off. */
export async function trafficOf(world: World): Promise<Traffic> {
  return world.careless ? carelessTraffic(world) : routedTraffic(world);
}

/** The router to a world's shard, with a pool of one. */
export async function routerOf({ host, port, database, protection, appLogin, root }: World): Promise<Router> {
  const engine = createPostgresEngine();
  const address = { engine: 'postgres', host, port, database, tls: 'disable' } as const;
  const administrator = engine.open(address, { user: String(root.user), password: String(root.password) });
  const incarnation = String((await administrator.run('engine/incarnation')).rows[0]?.['incarnation']);
  await administrator.close();
  const peek = (tenant: unknown) => (typeof tenant === 'number' ? { mappingId: tenant, shardId, epoch: 5 } : undefined);
  return createRouter({
    keyType: 'int',
    pointsOnly: true,
    routes: {
      peek,
      find: (tenant) => Promise.resolve(peek(tenant)).then((route) => route ?? Promise.reject(new TenantryError('UNKNOWN_TENANT'))),
      learn: () => undefined,
      forget: () => undefined,
    },
    connect: (_, signal) =>
      engine.connect(
        address,
        appLogin,
        { shardId, incarnation, signer: signerOfTests(shardId), tables: routedTables, contextProtection: protection },
        signal,
      ),
    tokens: [tokenOf],
    contextTypes: new Map([
      ['userId', 'string'],
      ['roles', 'strings'],
    ]),
    limits: { ...defaultRouterLimits, poolPerShard: 1 },
    clock: systemClock,
    random: () => 0.5,
    observer: createMetrics().router,
  });
}

async function routedTraffic(world: World): Promise<Traffic> {
  const router = await routerOf(world);
  return {
    query: async (tenant, text) => (await router.query(tenant, sqlText(text))).rows,
    transaction: (tenant, options, work) =>
      router.withTenant(tenant, options, (session) => work(async (text) => (await session.query(sqlText(text))).rows)),
    close: () => router.close(),
  };
}

/** What makes a transaction a tenant's, as a text of its own: of a service that puts statements together by hand. */
export function enterText(tenant: number): string {
  const { mappingId, key, ...claims } = entryOf(tenant);
  const ticket = ticketBytes(claims).toString('hex');
  return `select tenantry.enter(${mappingId}, '\\x${Buffer.from(key).toString('hex')}', '\\x${ticket}')`;
}

/** What a pool without care does: the context is right at the start of every request, and the connection goes on as it is. */
async function carelessTraffic(world: World): Promise<Traffic> {
  const client = await world.app();
  return {
    query: async (tenant, text) => {
      // Several statements in one message give several results, which pg's types do not say.
      const results = (await client.query(`${enterText(tenant)}; ${text}`)) as unknown as pg.QueryResult<Record<string, unknown>>[];
      return results.at(-1)?.rows ?? [];
    },
    transaction: async (tenant, { signal, timeoutMs }, work) => {
      await client.query(`begin; ${enterText(tenant)}`);
      const interrupted = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new TenantryError('CANCELLED')), { once: true });
        if (timeoutMs !== undefined) setTimeout(() => reject(new TenantryError('TIMEOUT')), timeoutMs);
      });
      interrupted.catch(() => undefined);
      await work((text) => Promise.race([rowsOf(client, text), interrupted]));
      await client.query('commit');
    },
    close: () => client.end(),
  };
}

/** Every note there is, as the server's superuser sees them. */
export async function notes({ admin }: World): Promise<string[]> {
  const { rows } = await admin.query<{ text: string }>(sql`select "Text" as "text" from "Notes" order by "NoteId"`);
  return rows.map(({ text }) => text);
}
