import type { Clock } from '../core/clock.ts';
import type { ContextTypes } from '../core/context-values.ts';
import type { Deadline } from '../core/deadline.ts';
import type { EngineConnection } from '../engine/engine.ts';
import type { KeyType, TenantId } from '../../shardmap/key.ts';
import type { Route } from '../../shardmap/route.ts';
import type { RouterLimits } from './limits.ts';
import type { RouterObserver } from './router-observer.ts';
import type { ShardEye } from './shard-eye.ts';

/** What the router needs of the lookup. */
export interface RouteSource {
  /** The route where it is known in this process; costs no promise. */
  peek(tenant: TenantId): Route | undefined;
  /** Throws UNKNOWN_TENANT or CATALOG_UNAVAILABLE, within the deadline. */
  find(tenant: TenantId, deadline: Deadline): Promise<Route>;
  /** A shard said where the tenant is now; an older epoch never replaces a newer. */
  learn(tenant: TenantId, route: Route): void;
  /** A shard refused this route: it is not to be answered again until the catalog gives it. */
  forget(tenant: TenantId, route: Route): void;
}

/** What a router is made of. */
export interface RouterDependencies {
  readonly keyType: KeyType;
  /** Every mapping is of one key, as in a list map; default false. */
  readonly pointsOnly?: boolean;
  readonly routes: RouteSource;
  /** Opens and checks a connection as `app`. SHARD_UNAVAILABLE, SHARD_UNVERIFIED, CATALOG_UNAVAILABLE; NOT_FOUND where the catalog has no such shard. */
  readonly connect: (shardId: string, signal: AbortSignal) => Promise<EngineConnection>;
  /** Sees what protects the tenants of a shard, every second while it is in use. Default: nobody looks. */
  readonly watch?: ((shardId: string) => ShardEye) | undefined;
  /** Tokens of a mapping at an epoch, by the fleet key in use first, then by the previous one if there is any. */
  readonly tokens: readonly ((mappingId: number, epoch: number) => Uint8Array)[];
  /** Values besides the tenant that calls may bring; default: none. */
  readonly contextTypes?: ContextTypes;
  readonly limits: RouterLimits;
  /** Shards that the map has: for each that is not in use a connection is kept back. Default: none is known. */
  readonly knownShards?: number | undefined;
  readonly clock: Clock;
  /** A number in [0, 1); for jitter only. */
  readonly random: () => number;
  readonly observer: RouterObserver;
}
