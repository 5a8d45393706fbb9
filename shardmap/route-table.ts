import type { TenantKey } from './key.ts';
import type { MappingKeys } from './mapping.ts';
import type { Route, RoutedKeys } from './route.ts';

/** The routes that a process knows of one map; one implementation for each kind of map. Nothing older replaces a newer epoch. */
export interface RouteTable {
  /** Mappings held; never more than the capacity. */
  readonly size: number;
  /** The hot path: a checked or unchecked id, no encoding. May miss what `get` finds. */
  peek(id: unknown): Route | undefined;
  get(key: TenantKey): Route | undefined;
  /** Holds what catalog or cache told, unless something newer is known. */
  add(found: RoutedKeys): void;
  /** Holds what a shard told of one key's mapping. */
  learn(key: TenantKey, route: Route): void;
  /** Drops the key's route where it is `route` or older. */
  forget(key: TenantKey, route: Route): void;
  /** Drops what was known of the keys before `route`, or whatever is known of them where they have no route any more. */
  invalidate(keys: MappingKeys, route: Route | undefined): void;
}
