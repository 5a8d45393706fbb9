import type { Settings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { ShardVerifier } from '../core/shard-signer.ts';
import { LatestStatements } from '../../shardmap/latest-statements.ts';
import { mappingToken } from '../../shardmap/mapping-token.ts';
import { signerOfShard } from '../../shardmap/shard-signer.ts';
import { createLookup } from '../../shardmap/lookup.ts';
import type { RedisRoutes } from '../../shardmap/redis-routes.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import type { ShardMapStore } from '../../shardmap/store.ts';
import { connectShard, type ConnectShardDependencies } from '../router/connect-shard.ts';
import { createRouter } from '../router/create-router.ts';
import { defaultRouterLimits } from '../router/limits.ts';
import type { RouterObserver } from '../router/router-observer.ts';
import type { Router } from '../router/router.ts';
import { ShardDirectory } from '../router/shard-directory.ts';
import { openShardEye } from '../router/shard-eye.ts';
import type { Engines } from './engines.ts';
import { routedTables } from './routed-tables.ts';

/** What a router is joined from. */
export interface RoutingParts {
  readonly engines: Engines;
  readonly store: ShardMapStore;
  readonly map: ShardMap;
  /** Shards of the map, as many as there are now. */
  readonly knownShards: number;
  /** The second cache, where there is one. */
  readonly redis?: RedisRoutes | undefined;
  readonly clock: Clock;
  readonly observer: RouterObserver;
}

/** Lookup, shards and pools of one map, joined to a router. */
export function joinRouter({ engines, store, map, knownShards, redis, clock, observer }: RoutingParts, settings: Settings): Router {
  const { fleetKey, limits, logins, contextProtection, capabilities, context } = settings;
  const lookup = createLookup({
    map,
    findMapping: (key) => store.findMapping(map.mapId, key),
    holdUp: () => store.holdUp,
    cache: redis?.cache,
    clock,
    limits: { capacity: limits.cachedTenants, catalogTimeoutMs: limits.catalogTimeoutMs },
  });
  redis?.subscribe(lookup);
  const directory = new ShardDirectory((shardId) => store.getShard(shardId), clock);
  const expectations = { tables: routedTables(settings), contextProtection, capabilities, limits };
  const latest = new LatestStatements();
  const signerOf = (shard: Shard): ShardVerifier => signerOfShard(fleetKey, shard, latest);
  const connecting: ConnectShardDependencies = { directory, engines, login: logins.app, expectations, signerOf };
  const keys = [fleetKey.current, ...(fleetKey.previous === undefined ? [] : [fleetKey.previous])];
  return createRouter({
    keyType: map.keyType,
    pointsOnly: map.kind === 'list',
    routes: lookup,
    connect: (shardId, signal) => connectShard(connecting, shardId, signal),
    watch: (shardId) => openShardEye(connecting, shardId),
    tokens: keys.map((key) => (mappingId, epoch) => mappingToken(key, map.name, mappingId, epoch)),
    contextTypes: new Map(context.map(({ name, type }) => [name, type])),
    limits: { ...defaultRouterLimits, ...limits },
    knownShards,
    clock,
    random: Math.random,
    observer,
  });
}
