import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import pg from 'pg';
import { pino } from 'pino';
import { systemClock } from '../../../src/core/clock.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { createHttpServer } from '../../../src/http/http-server.ts';
import { createMetrics } from '../../../src/http/observe/metrics.ts';
import { loadTables } from '../../../src/http/tables/table-catalog.ts';
import { createTestShard } from '../../support/postgres-shard.ts';
import { startPostgres } from '../../support/servers/postgres.ts';
import { createShardRouter } from '../../support/shard-router.ts';
import { TestIssuer } from '../../support/test-issuer.ts';

/** What the parent is told once both servers listen. */
export interface BenchServers {
  readonly servicePort: number;
  readonly barePort: number;
  /** One token a tenant, from tenant 1 on. */
  readonly tokens: readonly string[];
}

const tenants = 1_000;
const rowsPerTenant = 100;
const table = { name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' } as const;
const ownersText = 'select "BlogId", "Name" from "Blogs" where "TenantId" = $1 and "BlogId" = $2';

const postgres = await startPostgres();
const shard = await createTestShard(postgres, 'bench');
await shard.root.query(
  sqlText(`insert into "Blogs" select t, b, 'blog ' || b || ' of tenant ' || t from generate_series(1, ${tenants}) t, generate_series(1, ${rowsPerTenant}) b;
    analyze "Blogs"`),
);
const engine = createPostgresEngine();
const { router, addTenant } = createShardRouter(shard, engine, 'int', [table]);
for (let tenant = 1; tenant <= tenants; tenant += 1) await addTenant(tenant);

const issuer = await new TestIssuer('https://issuer.test').start();
const tokens = await Promise.all(Array.from({ length: tenants }, (_, index) => issuer.token({ tenant: index + 1, exp: 4_000_000_000 })));
const { tables } = await loadTables(shard.admin, [table]);
const service = createHttpServer({
  router,
  keyType: 'int',
  issuers: [issuer.settings()],
  tables,
  cursorKeys: [new Uint8Array(32)],
  limits: { bodyBytes: 1_048_576, drainMs: 1_000 },
  listen: { host: '127.0.0.1', port: 0, opsHost: '127.0.0.1', opsPort: 0 },
  logger: pino(pino.destination({ dest: '/dev/null', sync: false, minLength: 4_096 })),
  metrics: createMetrics(),
  clock: systemClock,
  currentTimeMs: Date.now,
});
const { api } = await service.listen();

// What people write: the same route, a pool of pg as the tables' owner, a prepared query with an explicit tenant, no token.
const pool = new pg.Pool({
  host: postgres.host,
  port: postgres.port,
  database: 'bench',
  user: postgres.user,
  password: postgres.password,
  max: 10,
});
const bareApp = new Hono();
bareApp.get('/v1/:table/:key', async (context) => {
  const { rows } = await pool.query<object>({
    name: 'blog',
    text: ownersText,
    values: [Number(context.req.query('tenant')), Number(context.req.param('key'))],
  });
  return rows[0] === undefined ? context.notFound() : context.json(rows[0]);
});
const answerBare = getRequestListener(bareApp.fetch);
const bare = createServer((incoming, outgoing) => void answerBare(incoming, outgoing));
await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));

process.send?.({ servicePort: api.port, barePort: (bare.address() as AddressInfo).port, tokens } satisfies BenchServers);
process.once('disconnect', () => process.exit(0));
