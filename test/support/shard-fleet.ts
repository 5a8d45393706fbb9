import { randomBytes } from 'node:crypto';
import type { CapabilitySettings } from '../../src/core/capability-settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits, type RouterLimits } from '../../src/router/limits.ts';
import type { Router } from '../../src/router/router.ts';
import { mappingToken, fleetKeyFromBase64 } from '../../shardmap/mapping-token.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { createLookup } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import { createTestShard, shardLogins, type TestShard } from './postgres-shard.ts';
import { type PostgresServer, startPostgres } from './servers/postgres.ts';
import { tellingInto } from './told-events.ts';
import { signerOfTests } from './accepting.ts';

const fleetKey = fleetKeyFromBase64(randomBytes(32).toString('base64'), 'The fleet key of the test');
const tables = [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }];

/** One of the fleet's shards, on a server of its own. */
export interface FleetShard {
  readonly server: PostgresServer;
  readonly shard: TestShard;
}

/** Two shards on two real servers, the real lookup, and a catalog in memory that can be taken away. */
export interface ShardFleet {
  readonly a: FleetShard;
  readonly b: FleetShard;
  /** How often the catalog was asked. */
  readonly asked: { count: number };
  /** `true`: the catalog cannot be reached. */
  catalogAway: boolean;
  /** A router with a cold cache; the fleet closes it. `address` replaces that of a shard, for a proxy. */
  router(
    limits?: Partial<RouterLimits>,
    address?: (shard: TestShard) => Partial<ShardAddress>,
    capabilities?: CapabilitySettings,
  ): Router & { readonly events: string[] };
  addTenant(tenant: number, to: FleetShard): Promise<void>;
  /** What a move leaves behind: the tenant at the other shard at the next epoch, and a tombstone. */
  move(tenant: number, from: FleetShard, to: FleetShard): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the servers; the caller stops them. */
export async function startShardFleet(): Promise<ShardFleet> {
  const start = async (name: string): Promise<FleetShard> => {
    const server = await startPostgres({ fsync: false });
    return { server, shard: await createTestShard(server, name) };
  };
  const [a, b] = await Promise.all([start('a'), start('b')]);
  const mappings = new Map<string, Mapping>();
  const routers: Router[] = [];
  const engine = createPostgresEngine();
  const fleet: ShardFleet = {
    a,
    b,
    asked: { count: 0 },
    catalogAway: false,
    router: (limits = {}, address = () => ({}), capabilities = {}) => {
      const events: string[] = [];
      const lookup = createLookup({
        map: { kind: 'list', keyType: 'int' },
        findMapping: async (key) => {
          fleet.asked.count += 1;
          if (fleet.catalogAway) throw new TenantryError('CATALOG_UNAVAILABLE');
          return mappings.get(Buffer.from(key).toString('hex'));
        },
        clock: systemClock,
      });
      const router = createRouter({
        keyType: 'int',
        pointsOnly: true,
        routes: lookup,
        connect: (id, signal) => {
          const { shard } = id === a.shard.shardId ? a : b;
          const { shardId, incarnation } = shard;
          return engine.connect(
            { ...shard.address, ...address(shard) },
            shardLogins.app,
            { shardId, incarnation, signer: signerOfTests(shardId), tables, contextProtection: 'guarded', capabilities, limits },
            signal,
          );
        },
        contextTypes: new Map([
          ['userId', 'string'],
          ['roles', 'strings'],
        ]),
        tokens: [(mappingId, epoch) => mappingToken(fleetKey, 'customers', mappingId, epoch)],
        limits: { ...defaultRouterLimits, ...limits },
        clock: systemClock,
        random: Math.random,
        observer: tellingInto(events),
      });
      routers.push(router);
      return Object.assign(router, { events });
    },
    addTenant: (tenant, to) => place(tenant, to, 1),
    move: async (tenant, from, to) => {
      const epoch = mappings.get(hexOf(tenant))!.epoch + 1;
      await from.shard.admin.query(
        sql`update tenantry.local_mapping set state = 'MOVED', token = null, moved_to = ${to.shard.shardId}, moved_epoch = ${epoch} where mapping_id = ${tenant}`,
      );
      await place(tenant, to, epoch);
    },
    stop: async () => {
      for (const { server } of [a, b]) server.thaw();
      await Promise.all(routers.map((router) => router.close(0)));
      await Promise.all([a.shard.close(), b.shard.close()]);
      await Promise.all([a.server.stop(), b.server.stop()]);
    },
  };
  return fleet;

  async function place(tenant: number, { shard }: FleetShard, epoch: number): Promise<void> {
    const { bytes } = tenantKey('int', tenant);
    const token = mappingToken(fleetKey, 'customers', tenant, epoch);
    await shard.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${tenant}, 'point', ${bytes}, 'ONLINE', ${epoch}, ${token})
        on conflict (mapping_id) do update set state = 'ONLINE', epoch = excluded.epoch, token = excluded.token, moved_to = null, moved_epoch = null`,
    );
    mappings.set(hexOf(tenant), { mappingId: tenant, mapId: 1, kind: 'point', low: bytes, shardId: shard.shardId, state: 'ONLINE', epoch });
  }
}

function hexOf(tenant: number): string {
  return Buffer.from(tenantKey('int', tenant).bytes).toString('hex');
}
