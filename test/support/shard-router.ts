import { systemClock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { sql } from '../../src/core/sql.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createMetrics } from '../../src/http/observe/metrics.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits, type RouterLimits } from '../../src/router/limits.ts';
import type { Router } from '../../src/router/router.ts';
import type { Route } from '../../src/router/router-dependencies.ts';
import { tenantKey, type KeyType, type TenantId } from '../../shardmap/key.ts';
import { shardLogins, type TestShard } from './postgres-shard.ts';

/** The router over one shard of tenants with point mappings, without a catalog: its routes are what `addTenant` made. */
export interface ShardRouter {
  readonly router: Router;
  addTenant(tenant: TenantId): Promise<void>;
}

/** `tables` are those that the shard's policies cover, as `{ name, table, tenantColumn }`. */
export function createShardRouter(
  shard: TestShard,
  engine: Engine,
  keyType: KeyType,
  tables: readonly { readonly name: string; readonly table: string; readonly tenantColumn: string }[],
  limits: Partial<RouterLimits> = {},
): ShardRouter {
  const routes = new Map<string, Route>();
  const token = Buffer.alloc(16, 7);
  const peek = (tenant: TenantId): Route | undefined => routes.get(tenantKey(keyType, tenant).text);
  const router = createRouter({
    keyType,
    routes: {
      peek,
      find: (tenant) => {
        const route = peek(tenant);
        return route === undefined ? Promise.reject(new TenantryError('UNKNOWN_TENANT')) : Promise.resolve(route);
      },
      learn: () => undefined,
      forget: () => undefined,
    },
    connect: (_shardId, signal) => {
      const { shardId, incarnation } = shard;
      return engine.connect(shard.address, shardLogins.app, { shardId, incarnation, tables }, signal);
    },
    capabilities: [() => token],
    limits: { ...defaultRouterLimits, ...limits },
    clock: systemClock,
    random: Math.random,
    observer: createMetrics().router,
  });
  return {
    router,
    addTenant: async (tenant) => {
      const { text, bytes } = tenantKey(keyType, tenant);
      const mappingId = routes.size + 1;
      await shard.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${mappingId}, 'point', ${bytes}, 'ONLINE', 1, ${token})`,
      );
      routes.set(text, { mappingId, shardId: shard.shardId, epoch: 1 });
    },
  };
}
