import type { Clock } from '../src/core/clock.ts';
import type { PublishChange, ShardAccess } from './shard-access.ts';
import type { ShardMapStore } from './store.ts';

/** What runs operations, injected. */
export interface OperationDependencies {
  readonly store: ShardMapStore;
  readonly access: ShardAccess;
  /** Decides only how long to wait; what is still valid is decided by the catalog. */
  readonly clock: Clock;
  readonly publish: PublishChange;
  /** Token of a mapping at an epoch; see `mapping-token.ts`. */
  readonly tokenOf: (mapName: string, mappingId: number, epoch: number) => Uint8Array;
  /** By the fleet key that is being replaced: what such tokens say still holds. */
  readonly previousTokenOf?: OperationDependencies['tokenOf'];
  /** Milliseconds for which a runner that is not heard of is taken to be alive. */
  readonly leaseMs: number;
}
