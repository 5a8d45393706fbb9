import type { Settings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { ShardMapManager } from '../../shardmap/manager.ts';
import { createRedisRoutes } from '../../shardmap/redis-routes.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import type { ShardMapStore } from '../../shardmap/store.ts';
import type { RouterObserver } from '../router/router-observer.ts';
import type { Router } from '../router/router.ts';
import { createAdministration } from './administration.ts';
import { configuredMap, openCatalog } from './catalog-access.ts';
import type { Engines } from './engines.ts';
import { joinRouter } from './routing.ts';

/** What everything is joined from, besides the settings. */
export interface TenantryParts {
  readonly engines: Engines;
  readonly clock: Clock;
  readonly observer: RouterObserver;
  /** Told of every failure of Redis; requests go on. */
  readonly onTrouble: (error: unknown) => void;
}

/** Router and manager of one configuration, over the same catalog and caches. */
export interface OpenTenantry {
  readonly map: ShardMap;
  readonly store: ShardMapStore;
  readonly router: Router;
  readonly admin: ShardMapManager;
  /** Waits for calls that run, up to `limits.drainMs`, then closes every connection. */
  close(): Promise<void>;
}

/** Joins everything. Throws CATALOG_UNAVAILABLE, or INVALID_CONFIGURATION where the catalog is not as the settings say. */
export async function openTenantry({ engines, clock, observer, onTrouble }: TenantryParts, settings: Settings): Promise<OpenTenantry> {
  const { database, store } = await openCatalog(engines, settings);
  try {
    const map = await configuredMap(store, settings);
    const redis = settings.redis === undefined ? undefined : createRedisRoutes({ url: settings.redis.url, map, clock, onTrouble });
    const administration = createAdministration({ engines, store, clock, publish: redis?.publish ?? (async () => undefined) }, settings);
    const router = joinRouter({ engines, store, map, redis, clock, observer }, settings);
    const close = async (): Promise<void> => {
      await router.close(settings.limits.drainMs);
      redis?.close();
      await administration.close();
      await database.close();
    };
    return { map, store, router, admin: administration.manager, close };
  } catch (error) {
    await database.close();
    throw error;
  }
}
