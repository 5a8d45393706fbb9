import { randomUUID } from 'node:crypto';
import { createShardMapManager, type ShardMapManager } from '../../shardmap/manager.ts';
import { SqlShardMapStore } from '../../shardmap/sql-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { engineFor, tokenOfTests, TestShardAccess } from './shard-map-access.ts';

/** A change of the shard map as a message: what to call of the manager. */
export type ManagerCall =
  | { readonly on: 'tenants'; readonly call: 'add' | 'offline' | 'online' | 'remove'; readonly with: readonly unknown[] }
  | { readonly on: 'ranges'; readonly call: 'add' | 'split' | 'merge' | 'offline'; readonly with: readonly unknown[] }
  | { readonly on: 'shards'; readonly call: 'add' | 'remove'; readonly with: readonly unknown[] };

/** What a child is to do, and by which ways. */
export interface ChildOrder {
  readonly catalog: ShardAddress;
  readonly catalogLogin: { readonly user: string; readonly password: string };
  /** Where shards are reached instead of at their own address. */
  readonly shards: { readonly host: string; readonly port: number };
  readonly call: ManagerCall;
}

/** How it went. */
export type ChildResult = 'done' | { readonly code: string; readonly message: string };

/** Does what a message says with a manager. */
export async function callManager(manager: ShardMapManager, { on, call, with: values }: ManagerCall): Promise<void> {
  const target = manager[on] as unknown as Record<string, (...values: readonly unknown[]) => Promise<unknown>>;
  await target[call]!(...values);
}

/** A manager that goes by the order's ways. */
export function managerOf({ catalog, catalogLogin, shards }: Omit<ChildOrder, 'call'>): {
  manager: ShardMapManager;
  close(): Promise<void>;
} {
  const database = engineFor(catalog).open(catalog, catalogLogin);
  const access = new TestShardAccess({ route: (address) => ({ ...address, ...shards }) });
  const manager = createShardMapManager({
    store: new SqlShardMapStore(database),
    access,
    clock: systemClock,
    publish: async () => undefined,
    tokenOf: tokenOfTests,
    leaseMs: 15_000,
    map: 'customers',
    newId: randomUUID,
    waitMs: 0,
    drainMs: 30_000,
    retention: { operations: 1_000, days: 30 },
  });
  return { manager, close: async () => void (await Promise.all([access.close(), database.close()])) };
}

async function obey(order: ChildOrder): Promise<ChildResult> {
  try {
    await callManager(managerOf(order).manager, order.call);
    return 'done';
  } catch (error) {
    if (error instanceof TenantryError) return { code: error.code, message: error.message };
    throw error;
  }
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once('message', (order) => {
    void obey(order as ChildOrder).then((result) => process.send!(result, () => process.exit(0)));
  });
  process.send('ready');
}
