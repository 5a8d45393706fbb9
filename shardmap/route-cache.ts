import type { TenantKey } from './key.ts';
import type { Route, RoutedKeys } from './route.ts';

/**
 * A second cache that processes share. Only ever a help: it answers within a bound or not at all, and nothing here
 * rejects. What it says may be stale or wrong; the shard judges.
 */
export interface RouteCache {
  get(key: TenantKey): Promise<RoutedKeys | undefined>;
  /** Keeps a route unless one of a newer epoch is there. */
  put(key: TenantKey, found: RoutedKeys): Promise<void>;
  /** Drops the key's route where it is `route` or older. */
  remove(key: TenantKey, route: Route): Promise<void>;
}
