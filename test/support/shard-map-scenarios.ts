import type { ShardAddress } from '../../src/core/shard-address.ts';
import { TenantryError } from '../../src/core/errors.ts';
import type { ShardMapKind } from '../../shardmap/shard-map.ts';
import type { ManagerCall } from './shard-map-child.ts';
import { enterAs } from './shard-map-state.ts';
import type { ShardMapWorld } from './shard-map-world.ts';

/** One change of a map, on keys of its own each time. Of its keys only `before` or `after` may ever be seen, once all has settled. */
export interface Scenario {
  readonly title: string;
  readonly kind: ShardMapKind;
  /** Makes what the change needs; gives the change. */
  prepare(world: ShardMapWorld, number: number): Promise<ManagerCall>;
  readonly before: string;
  readonly after: string;
  /** How many versions the map goes forward by the change. */
  readonly versions: number;
  /** What there is now: ranges or states in the catalog, and what a shard says to somebody who wants to enter. */
  look(world: ShardMapWorld, number: number): Promise<string>;
}

/** The range of a number: ten keys. */
const bounds = (number: number): { low: number; mid: number; high: number } => ({
  low: number * 10,
  mid: number * 10 + 5,
  high: number * 10 + 10,
});

async function lookAtTenant(world: ShardMapWorld, number: number): Promise<string> {
  try {
    const { state } = await world.manager.tenants.where(number);
    return `${state}, ${await enterAs(world, number)}`;
  } catch (error) {
    if (error instanceof TenantryError && error.code === 'UNKNOWN_TENANT') return 'absent';
    throw error;
  }
}

async function lookAtRange(world: ShardMapWorld, number: number): Promise<string> {
  const { low, mid } = bounds(number);
  const parts = new Set<string>();
  for (const key of [low, mid]) {
    const found = await world.manager.tenants.where(key);
    parts.add(`${Number(found.low) - low}..${Number(found.high) - low} ${found.state}, ${await enterAs(world, key)}`);
  }
  return [...parts].join('; ');
}

async function lookAtShard(world: ShardMapWorld): Promise<string> {
  return (await world.store.findShard('x'))?.state ?? 'absent';
}

/** Every kind of operation. `shardAddress`: a database prepared to be a shard of the list map. */
export function scenarios(shardAddress: () => ShardAddress): readonly Scenario[] {
  const tenant = { kind: 'list', look: lookAtTenant, versions: 1 } as const;
  const rangeOf = { kind: 'range', look: lookAtRange, versions: 1 } as const;
  const shardOf = { kind: 'list', look: lookAtShard, versions: 0 } as const;
  return [
    {
      ...tenant,
      title: 'adding a tenant',
      prepare: async (_world, number) => ({ on: 'tenants', call: 'add', with: [number, { shard: 'a' }] }),
      before: 'absent',
      after: 'ONLINE, admitted',
    },
    {
      ...tenant,
      title: 'taking a tenant offline',
      async prepare({ manager }, number) {
        await manager.tenants.add(number, { shard: 'a' });
        return { on: 'tenants', call: 'offline', with: [number] };
      },
      before: 'ONLINE, admitted',
      after: 'OFFLINE, OFFLINE',
    },
    {
      ...tenant,
      title: 'bringing a tenant online',
      async prepare({ manager }, number) {
        await manager.tenants.add(number, { shard: 'a' });
        await manager.tenants.offline(number);
        return { on: 'tenants', call: 'online', with: [number] };
      },
      before: 'OFFLINE, OFFLINE',
      after: 'ONLINE, admitted',
    },
    {
      ...tenant,
      title: 'removing a tenant and its rows',
      async prepare({ manager }, number) {
        await manager.tenants.add(number, { shard: 'a' });
        await manager.tenants.offline(number);
        return { on: 'tenants', call: 'remove', with: [number, { purge: true }] };
      },
      before: 'OFFLINE, OFFLINE',
      after: 'absent',
    },
    {
      ...rangeOf,
      title: 'splitting a range',
      async prepare({ manager }, number) {
        const { low, mid, high } = bounds(number);
        await manager.ranges.add({ low, high }, { shard: 'a' });
        return { on: 'ranges', call: 'split', with: [mid] };
      },
      before: '0..10 ONLINE, admitted',
      after: '0..5 ONLINE, admitted; 5..10 ONLINE, admitted',
    },
    {
      ...rangeOf,
      title: 'merging two ranges',
      async prepare({ manager }, number) {
        const { low, mid, high } = bounds(number);
        await manager.ranges.add({ low, high: mid }, { shard: 'a' });
        await manager.ranges.add({ low: mid, high }, { shard: 'a' });
        return { on: 'ranges', call: 'merge', with: [mid] };
      },
      before: '0..5 ONLINE, admitted; 5..10 ONLINE, admitted',
      after: '0..10 ONLINE, admitted',
    },
    {
      ...shardOf,
      title: 'adding a shard',
      async prepare(world) {
        if ((await lookAtShard(world)) !== 'absent') await world.manager.shards.remove('x');
        return { on: 'shards', call: 'add', with: ['x', shardAddress()] };
      },
      before: 'absent',
      after: 'ONLINE',
    },
    {
      ...shardOf,
      title: 'removing a shard',
      async prepare(world) {
        if ((await lookAtShard(world)) === 'absent') await world.manager.shards.add('x', shardAddress());
        return { on: 'shards', call: 'remove', with: ['x'] };
      },
      before: 'ONLINE',
      after: 'absent',
    },
  ];
}
