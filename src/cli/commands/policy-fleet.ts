import type { Command } from 'commander';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { KeyType } from '../../core/key-type.ts';
import { wholeNumber } from '../whole-number.ts';

/** The shards that a command is about. */
export interface Fleet {
  readonly map: string;
  readonly keyType: KeyType;
  /** By name; at least one. */
  readonly shards: readonly Shard[];
}

/** Shards that are worked on at once unless something else is said. */
export const defaultConcurrency = 4;
const mostShardsAtOnce = 64;

/** The option by which an operator says how many; `which` of them is for the help. */
export function withConcurrency(command: Command, which = 'shards at once'): Command {
  return command.option(
    '--concurrency <count>',
    `${which}, 1 to ${mostShardsAtOnce} (default: ${defaultConcurrency})`,
    wholeNumber(1, mostShardsAtOnce),
  );
}

/** The shards of the map, or the one that is named. Throws NOT_FOUND where there is none. */
export async function chosenFleet(
  { maps, shards }: Pick<ShardMapManager, 'maps' | 'shards'>,
  settings: Settings,
  { map = settings.map.name, shard }: { readonly map?: string | undefined; readonly shard?: string | undefined },
): Promise<Fleet> {
  const { keyType } = await maps.show(map);
  const all = await shards.list({ map });
  return { map, keyType, shards: named(all, shard, 'map') };
}

/** All of them, or the one of that name. Throws NOT_FOUND where there is none; `whose` shards they are is for the message. */
export function named(all: readonly Shard[], shard: string | undefined, whose: 'map' | 'plan' | 'catalog'): readonly Shard[] {
  const chosen = all.filter(({ name }) => shard === undefined || name === shard);
  if (chosen.length > 0) return chosen;
  const names = all.map(({ name }) => name).join(', ') || 'none';
  throw new TenantryError('NOT_FOUND', `The ${whose} has no shard ${shard ?? 'yet'}; it has ${names}.`);
}
