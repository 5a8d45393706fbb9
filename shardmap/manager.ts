import { nothingSigned } from '../src/core/shard-signer.ts';
import type { Disagreement } from './compare-shard.ts';
import { DryRunOperations } from './dry-run-operations.ts';
import { MapAdministration } from './manager/map-administration.ts';
import { RangeAdministration } from './manager/range-administration.ts';
import { ShardAdministration } from './manager/shard-administration.ts';
import { TenantAdministration } from './manager/tenant-administration.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import { KeyRotation } from './key-rotation.ts';
import { LoggedOperations, type Operations } from './logged-operations.ts';
import { Recovery, type RecoveryChoice, type RecoveryPreview, type RecoveryReport, type SweepReport } from './recovery.ts';
import type { Shard } from './shard.ts';
import type { ShardAccess } from './shard-access.ts';
import type { Retention } from './store.ts';

/** What is in the shard map, to show and to change. */
export interface ShardMapAdministrations {
  readonly maps: MapAdministration;
  readonly shards: ShardAdministration;
  /** Tenants of list maps; `where` of every map. */
  readonly tenants: TenantAdministration;
  readonly ranges: RangeAdministration;
}

/** Changing and showing the shard map: everything that the command line can do with it. */
export interface ShardMapManager extends ShardMapAdministrations {
  /** The same, but every change is only tried against the catalog and then rolled back; no shard is changed. */
  readonly dryRun: ShardMapAdministrations & { recover(): Promise<RecoveryPreview> };
  /** Brings operations that other processes left to their end; for a service to call now and then. Throws CATALOG_UNVERIFIED. */
  sweep(): Promise<SweepReport>;
  /**
   * A sweep, and then where shards and catalog disagree; a catalog whose server has changed is accepted where they do not, or by
   * `confirmed`.
   */
  recover(choice?: RecoveryChoice): Promise<RecoveryReport>;
  /** Where a shard and the catalog disagree, as it is found, page by page. Changes nothing. */
  disagreements(shard: Shard): AsyncIterable<Disagreement>;
  /** By which fleet key the mappings of a shard are known, and their way from the previous to the current one. */
  readonly keys: Pick<KeyRotation, 'status' | 'rotate'>;
}

/** What a manager is made of. Defaults are left to whoever configures it. */
export interface ShardMapManagerOptions extends OperationDependencies {
  /** Name of the map for calls that name none. */
  readonly map: string;
  /** A fresh uuid, in lower case. */
  readonly newId: () => string;
  /** Milliseconds to wait for an operation that another process is running; 0: OPERATION_IN_PROGRESS at once. */
  readonly waitMs: number;
  /** Milliseconds that transactions inside a mapping have to end when it is drained. */
  readonly drainMs: number;
  /** Which operations that have ended a sweep leaves in the log. */
  readonly retention: Retention;
}

/** Makes a manager of the shard map. It opens nothing by itself and has nothing to close. */
export function createShardMapManager(options: ShardMapManagerOptions): ShardMapManager {
  const operations = new LoggedOperations(options);
  const recovery = new Recovery(options, operations, options.retention);
  return {
    ...administration(options, operations),
    dryRun: {
      ...administration({ ...options, access: withoutInstalling(options.access) }, new DryRunOperations(options.store, options.newId)),
      recover: () => recovery.preview(),
    },
    sweep: () => recovery.sweep(),
    recover: (choice) => recovery.recover(choice),
    disagreements: (shard) => recovery.disagreements(shard),
    keys: new KeyRotation(options),
  };
}

function administration(options: ShardMapManagerOptions, operations: Operations): ShardMapAdministrations {
  const { store, map, drainMs } = options;
  return {
    maps: new MapAdministration(store, operations),
    shards: new ShardAdministration(options, operations),
    tenants: new TenantAdministration({ store, operations, map, drainMs }),
    ranges: new RangeAdministration({ store, operations, map, drainMs }),
  };
}

/** Access for a trial, which must not change the database that it is about. */
function withoutInstalling(access: ShardAccess): ShardAccess {
  return {
    open: (shard) => access.open(shard),
    identify: (shard) => access.identify(shard),
    install: async () => ({ warnings: [], latest: nothingSigned }),
    isAccepted: (shard) => access.isAccepted(shard),
    purge: (...batch) => access.purge(...batch),
  };
}
