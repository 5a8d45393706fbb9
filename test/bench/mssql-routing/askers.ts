import mssql from 'mssql';
import { systemClock } from '../../../src/core/clock.ts';
import { sql } from '../../../src/core/sql.ts';
import { createRouter } from '../../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import type { Router } from '../../../src/router/router.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { entryOf, epoch, ScriptedShard } from '../../support/scripted-shard.ts';

/** Of the scripted shard. */
const tenants = 4;

/** One way to ask for a row. */
interface Asker {
  ask(caller: number, id: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** The ways that are compared, over a server at a port and with so many callers at once. */
export const askers = { bare, routed } as const;

/** What people write: the driver's own pool, without its SELECT 1, and the tenant in the statement. */
async function bare(port: number, callers: number): Promise<Asker> {
  const pool = new mssql.ConnectionPool({
    server: '127.0.0.1',
    port,
    user: 'app',
    password: 'app',
    database: 'shard',
    validateConnection: false,
    pool: { max: callers, min: callers },
    options: { encrypt: false },
  });
  await pool.connect();
  const text = 'select [BlogId], [Name] from [dbo].[Blogs] where [TenantId] = @tenant and [BlogId] = @id';
  return {
    ask: async (caller, id) => await pool.request().input('tenant', mssql.Int, caller).input('id', mssql.Int, id).query(text),
    close: () => pool.close(),
  };
}

async function routed(port: number): Promise<Asker> {
  const routes = Array.from({ length: tenants + 1 }, (_, tenant) => ({ mappingId: tenant, shardId: 'shard', epoch }));
  const tokens = routes.map(({ mappingId }) => entryOf(mappingId).token);
  const router: Router = createRouter({
    keyType: 'int',
    routes: {
      peek: (tenant) => routes[Number(tenant)],
      find: () => Promise.reject(new Error('Every tenant has a route.')),
      learn: () => undefined,
      forget: () => undefined,
    },
    connect: () => ScriptedShard.connectTo({ host: '127.0.0.1', port }),
    tokens: [(mappingId) => tokens[mappingId] ?? new Uint8Array()],
    limits: defaultRouterLimits,
    clock: systemClock,
    random: Math.random,
    observer: silentObserver,
  });
  return {
    ask: (caller, id) => router.query((caller % tenants) + 1, sql`select [BlogId], [Name] from [dbo].[Blogs] where [BlogId] = ${id}`),
    close: () => router.close(),
  };
}
