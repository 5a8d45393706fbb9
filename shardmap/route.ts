import type { MappingKeys } from './mapping.ts';

/** Where a tenant's requests go, as far as is known; the shard itself judges whether it is still so. */
export interface Route {
  readonly mappingId: number;
  readonly shardId: string;
  readonly epoch: number;
}

/** A route together with all the keys that it holds for. */
export interface RoutedKeys {
  readonly keys: MappingKeys;
  readonly route: Route;
}
