import type { Command } from 'commander';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { KeyType } from '../../core/key-type.ts';
import { onShard, requireNoneFailed } from '../../policy/rollout.ts';
import { actorName } from '../actor-name.ts';
import type { Output } from '../output.ts';
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

/** Seconds for which what is in use is tried again unless something else is said. */
export const defaultWaitSeconds = 60;

/** The option by which an operator says for how long; `tried` is what, for the help. */
export function withWait(command: Command, tried: string): Command {
  return command.option('--wait <seconds>', `how long ${tried}, 0 to 86400 (default: ${defaultWaitSeconds})`, wholeNumber(0, 86_400));
}

/** The option by which an operator says who it is. */
export function withActor(command: Command): Command {
  return command.option('--actor <name>', 'your name in the audit trail (default: the user of the operating system)', actorName);
}

/** What became of a shard, as far as it can fail. */
interface ShardResult {
  readonly shard: string;
  readonly outcome: string;
  readonly error?: TenantryError;
}

/** An error as data, by its code. */
export function errorData({ code, message }: TenantryError): { readonly code: string; readonly message: string } {
  return { code, message };
}

/** What is done on a shard, and could not be written to the catalog. */
interface Unwritten {
  readonly shard: string;
  /** Why the audit trail has it only as begun. */
  readonly unrecorded?: TenantryError | undefined;
  /** Why the catalog does not know yet what is signed there. */
  readonly untold?: TenantryError | undefined;
}

/** Says what is done and could not be written to the catalog, where that is so. */
export function noteUnwritten(output: Output, { shard, unrecorded, untold }: Unwritten): void {
  if (unrecorded !== undefined)
    output.note(`shard ${shard}: this is done, and the audit trail has only that it was begun: ${unrecorded.reason}`);
  if (untold !== undefined)
    output.note(`shard ${shard}: the catalog does not know yet what was signed last there, and policy verify tells it: ${untold.reason}`);
}

/** Throws UNRECORDED where something is done and could not be written to the catalog, once all of it was told. */
export function requireWritten(results: readonly Unwritten[]): void {
  const shards = (lacking: keyof Omit<Unwritten, 'shard'>): string =>
    results.flatMap((result) => (result[lacking] === undefined ? [] : [`shard ${result.shard}`])).join(', ');
  const [unrecorded, untold] = [shards('unrecorded'), shards('untold')];
  if (unrecorded + untold === '') return;
  const what = [
    ...(unrecorded === '' ? [] : [`The audit trail has only that it was begun: ${unrecorded}.`]),
    ...(untold === '' ? [] : [`The catalog does not know what was signed last, until policy verify tells it: ${untold}.`]),
  ];
  throw new TenantryError('UNRECORDED', `It is done. ${what.join(' ')}`);
}

/** A shard's result as data, each error in it by its code. */
export function resultData({ error, unrecorded, untold, ...rest }: Partial<ShardResult> & Unwritten): Readonly<Record<string, unknown>> {
  const errors = Object.entries({ error, unrecorded, untold });
  return { ...rest, ...Object.fromEntries(errors.flatMap(([name, each]) => (each === undefined ? [] : [[name, errorData(each)]]))) };
}

/**
 * Throws the first failure, with how far it went (`state`); CANCELLED where it was stopped between shards; and where what is done could not
 * be written to the catalog.
 */
export function requireAll(results: readonly (ShardResult & Unwritten)[], state: string): void {
  const far = `${state}; run it again to go on.`;
  for (const { shard, error } of results)
    if (error !== undefined) {
      const { code, reason, outcome } = onShard(shard, error);
      throw new TenantryError(code, `${reason} (${far})`, { cause: error, outcome });
    }
  if (results.some(({ outcome }) => outcome === 'not reached'))
    throw new TenantryError('CANCELLED', `It was stopped between shards: ${far}`);
  requireWritten(results);
}

/**
 * Throws for the shards that could not be looked at: nothing is known of them, so that a command which has told of all others ends with
 * 1, whatever it has found on them.
 */
export function requireLooked(results: readonly { readonly shard: string; readonly error?: TenantryError | undefined }[]): void {
  requireNoneFailed(results.flatMap(({ shard, error }) => (error === undefined ? [] : [{ shard, error }])));
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
