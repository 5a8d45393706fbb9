import type { Route, RoutedKeys } from './route.ts';

/**
 * A second cache that processes share, by encoded keys. Only ever a help: it answers within a bound or not at all, and nothing here
 * rejects. What it says may be stale or wrong; the shard judges.
 */
export interface RouteCache {
  get(key: Uint8Array): Promise<RoutedKeys | undefined>;
  /** Keeps a route unless one of a newer epoch is there. */
  put(key: Uint8Array, found: RoutedKeys): Promise<void>;
  /** Drops the key's route where it is `route` or older. */
  remove(key: Uint8Array, route: Route): Promise<void>;
}
