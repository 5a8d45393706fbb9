import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import type { ContextTypes } from '../../src/core/context-values.ts';
import { sql } from '../../src/core/sql.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createMetrics } from '../../src/http/observe/metrics.ts';
import { connectShard, type ConnectShardDependencies } from '../../src/router/connect-shard.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits, type RouterLimits } from '../../src/router/limits.ts';
import type { Router } from '../../src/router/router.ts';
import { ShardDirectory } from '../../src/router/shard-directory.ts';
import { openShardEye } from '../../src/router/shard-eye.ts';
import type { LookOutcome } from '../../src/router/shard-watch.ts';
import { mappingToken, type FleetKey } from '../../shardmap/mapping-token.ts';
import { tenantKey, type KeyType, type TenantId } from '../../shardmap/key.ts';
import { createLookup } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import { shardLogins, type TestShard } from './postgres-shard.ts';
import { signerOfTests } from './accepting.ts';

/** The router over one shard of tenants with point mappings; in the catalog's place stands what `addTenant` made. */
export interface ShardRouter {
  readonly router: Router;
  readonly addTenant: (tenant: TenantId) => Promise<void>;
}

interface ShardRouterOptions {
  readonly keyType: KeyType;
  /** Those that the shard's policies cover. */
  readonly tables: readonly { readonly name: string; readonly table: string; readonly tenantColumn: string }[];
  /** What calls may bring besides their tenant; default: nothing. */
  readonly contextTypes?: ContextTypes | undefined;
  /** The shard is watched, by this clock; told of each look's end. Default: nobody watches it. */
  readonly watching?:
    | { readonly clock: Clock; readonly ended: (outcome: LookOutcome) => void; readonly limits?: Partial<RouterLimits> }
    | undefined;
}

export function createShardRouter(
  shard: TestShard,
  engine: Engine,
  { keyType, tables, contextTypes = new Map(), watching }: ShardRouterOptions,
): ShardRouter {
  const mappings = new Map<string, Mapping>();
  const fleetKey = randomBytes(32) as Uint8Array as FleetKey;
  const tokenOf = (mappingId: number, epoch: number): Uint8Array => mappingToken(fleetKey, 'customers', mappingId, epoch);
  const { shardId, incarnation, address } = shard;
  const connecting: ConnectShardDependencies = {
    directory: new ShardDirectory(
      () => Promise.resolve({ shardId, mapId: 1, name: 'a', address, incarnation, state: 'ONLINE' }),
      systemClock,
    ),
    engines: new Map([[address.engine, engine]]),
    login: shardLogins.app,
    expectations: { tables, contextProtection: 'guarded' },
    signerOf: (found) => signerOfTests(found.shardId),
  };
  const observer = createMetrics().router;
  const router = createRouter({
    keyType,
    pointsOnly: true,
    routes: createLookup({
      map: { kind: 'list', keyType },
      findMapping: (key) => Promise.resolve(mappings.get(Buffer.from(key).toString('hex'))),
      clock: systemClock,
    }),
    connect: (id, signal) => connectShard(connecting, id, signal),
    watch: watching === undefined ? undefined : (id) => openShardEye(connecting, id),
    tokens: [tokenOf],
    contextTypes,
    limits: { ...defaultRouterLimits, ...watching?.limits },
    clock: watching?.clock ?? systemClock,
    random: Math.random,
    observer: watching === undefined ? observer : { ...observer, shardWatched: (_shardId, outcome) => watching.ended(outcome) },
  });
  return {
    router,
    addTenant: async (tenant) => {
      const { bytes } = tenantKey(keyType, tenant);
      const mappingId = mappings.size + 1;
      await shard.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${mappingId}, 'point', ${bytes}, 'ONLINE', 1, ${tokenOf(mappingId, 1)})`,
      );
      const mapping: Mapping = { mappingId, mapId: 1, kind: 'point', low: bytes, shardId: shard.shardId, state: 'ONLINE', epoch: 1 };
      mappings.set(Buffer.from(bytes).toString('hex'), mapping);
    },
  };
}
