import { failureOf, recorded } from '../../shardmap/recorded.ts';
import { asTenantryError, TenantryError } from '../core/errors.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { PolicyChange, PolicyFinding, PolicyResult } from './model.ts';

/** A shard with what is to be changed there. */
export interface Looked<S> {
  readonly shard: S;
  readonly found: PolicyResult;
}

/** A shard with why it could not be looked at, or why what is to be done cannot be done there. */
export interface Unlooked<S> {
  readonly shard: S;
  readonly error: TenantryError;
}

/** What is done with each shard of a fleet. */
export interface RolloutSteps<S> {
  change(shard: S): Promise<PolicyResult>;
  /** Throws where something is left to change, or tenants would not be let in. */
  verify(shard: S): Promise<void>;
  /**
   * Has the catalog know what is signed there, after a change and where there was none to make: that of a run before may not have come to
   * it.
   */
  tell(shard: S): Promise<void>;
  /** Before a change, and after it. What it throws before keeps the change from being begun. */
  record(shard: S, outcome: 'BEGUN' | 'DONE' | 'FAILED', detail: Readonly<Record<string, unknown>>): Promise<void>;
}

/** How a rollout goes about it. */
export interface RolloutOptions {
  /** The shard that comes first and alone; by default the first one, by name, with something to change. */
  readonly canary?: string | undefined;
  /** Shards at once, after the canary. */
  readonly concurrency: number;
  /** Aborted: no other shard is begun. */
  readonly stop: AbortSignal;
  /** Told of each shard as it ends, those that were not reached last. */
  readonly onResult: (result: ShardRollout) => void;
}

/** What became of a shard. */
export interface ShardRollout {
  readonly shard: string;
  readonly outcome: 'changed' | 'already so' | 'failed' | 'not reached';
  /** It came first, alone, of several. */
  readonly canary?: true;
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly PolicyFinding[];
  readonly error?: TenantryError;
  /** It is done, and why the audit trail has it only as begun. */
  readonly unrecorded?: TenantryError;
  /** Why the catalog does not know yet what is signed there. */
  readonly untold?: TenantryError;
}

/** Looks at every shard, so many at once, whatever comes of the others; `look` changes nothing. Throws nothing that it throws. */
export async function lookAtAll<S>(
  shards: readonly S[],
  concurrency: number,
  look: (shard: S) => Promise<PolicyResult>,
): Promise<(Looked<S> | Unlooked<S>)[]> {
  const lookAt = async (shard: S): Promise<Looked<S> | Unlooked<S>> => {
    try {
      return { shard, found: await look(shard) };
    } catch (error) {
      return { shard, error: asTenantryError(error) };
    }
  };
  return await Array.fromAsync(inParallel(shards, concurrency, lookAt));
}

/** Whether a shard could be looked at. */
export function isLooked<S>(look: Looked<S> | Unlooked<S>): look is Looked<S> {
  return 'found' in look;
}

/** Every shard with what is to be changed. Throws as `requireNoneFailed` does for those that could not be looked at. */
export function requireAllLooked<S extends { readonly name: string }>(looks: readonly (Looked<S> | Unlooked<S>)[]): Looked<S>[] {
  requireNoneFailed(looks.flatMap((look) => (isLooked(look) ? [] : [{ shard: look.shard.name, error: look.error }])));
  return looks.filter(isLooked);
}

/**
 * Throws where something failed on shards, each of which was told: of one with what it has, of several with their names and the code of
 * the first.
 */
export function requireNoneFailed(failed: readonly { readonly shard: string; readonly error: TenantryError }[]): void {
  const [first, second] = failed;
  if (first === undefined) return;
  if (second === undefined) throw onShard(first.shard, first.error);
  const { code, outcome } = first.error;
  const names = failed.map(({ shard }) => shard).join(', ');
  throw new TenantryError(code, `It failed on ${failed.length} shards, as told of each: ${names}.`, { cause: first.error, outcome });
}

/**
 * Brings a change to a fleet whose every shard was looked at: changes and verifies one, then the others, so many at once, and begins no
 * other once one has failed. What is done stays, and to run it again does the rest. Throws NOT_FOUND, with nothing changed, where the
 * canary is none of them.
 */
export async function rollOut<S extends { readonly name: string }>(
  looks: readonly Looked<S>[],
  steps: RolloutSteps<S>,
  options: RolloutOptions,
): Promise<ShardRollout[]> {
  const [canary, ...others] = canaryFirst(looks, options.canary);
  if (canary === undefined) return [];
  const results: ShardRollout[] = [];
  const told = (result: ShardRollout): ShardRollout => {
    results.push(result);
    options.onResult(result);
    return result;
  };
  let goesOn = true;
  const bring = async (looked: Looked<S>, isCanary: boolean): Promise<void> => {
    if (!goesOn || options.stop.aborted) return;
    if (told({ ...(await bringTo(looked, steps)), ...(isCanary ? { canary: true } : {}) }).outcome === 'failed') goesOn = false;
  };
  await bring(canary, others.length > 0);
  for await (const _ of inParallel(others, options.concurrency, (looked) => bring(looked, false)));
  const reached = new Set(results.map(({ shard }) => shard));
  for (const looked of looks) if (!reached.has(looked.shard.name)) told(notReached(looked));
  return results;
}

/** What is told of a shard on which nothing was begun. */
export function notReached({ shard: { name: shard }, found: { warnings } }: Looked<{ readonly name: string }>): ShardRollout {
  return { shard, outcome: 'not reached', changes: [], warnings };
}

/** An error with the shard that it is of. */
export function onShard(shard: string, error: unknown): TenantryError {
  const { code, reason, outcome } = asTenantryError(error);
  return new TenantryError(code, `On shard ${shard}: ${reason}`, { cause: error, outcome });
}

function canaryFirst<S extends { readonly name: string }>(looks: readonly Looked<S>[], name: string | undefined): readonly Looked<S>[] {
  const canary =
    name === undefined ? (looks.find(({ found }) => found.changes.length > 0) ?? looks[0]) : looks.find(({ shard }) => shard.name === name);
  if (canary === undefined) {
    const names = looks.map(({ shard }) => shard.name).join(', ');
    throw new TenantryError('NOT_FOUND', `Shard ${name} cannot come first: it is none of those that are to be changed, ${names}.`);
  }
  return [canary, ...looks.filter((looked) => looked !== canary)];
}

/** Never throws. The audit trail has the change before the catalog is told: each may fail without the other. */
async function bringTo<S extends { readonly name: string }>(looked: Looked<S>, steps: RolloutSteps<S>): Promise<ShardRollout> {
  const result = await changeOne(looked, steps);
  if (result.outcome === 'failed' && result.changes.length === 0) return result;
  const untold = await failureOf(steps.tell(looked.shard));
  return untold === undefined ? result : { ...result, untold };
}

/** Never throws. A shard where there is nothing to do is verified too: what changed it may have failed before it was. */
async function changeOne<S extends { readonly name: string }>({ shard, found }: Looked<S>, steps: RolloutSteps<S>): Promise<ShardRollout> {
  const pending = found.changes.length;
  let { warnings } = found;
  let changes: readonly PolicyChange[] = [];
  const counts = (): object => ({ changes: changes.length, ...named(changes) });
  const change = async (): Promise<void> => {
    ({ changes, warnings } = await steps.change(shard));
    await steps.verify(shard);
  };
  try {
    if (pending === 0) await steps.verify(shard);
    const { unrecorded } =
      pending === 0
        ? {}
        : await recorded(
            {
              record: (outcome, detail) => steps.record(shard, outcome, detail),
              begun: { changes: pending },
              done: () => ({ ...counts() }),
              failed: ({ code, reason }) => ({ code, reason, ...counts() }),
            },
            change,
          );
    const outcome = changes.length > 0 ? 'changed' : 'already so';
    return { shard: shard.name, warnings, outcome, changes, ...(unrecorded === undefined ? {} : { unrecorded }) };
  } catch (error) {
    return { shard: shard.name, warnings, outcome: 'failed', changes, error: asTenantryError(error) };
  }
}

/** What was set, and what was accepted of the shard, by name. */
function named(changes: readonly PolicyChange[]): { readonly objects: string[]; readonly accepted: string[] } {
  const objects = new Set(changes.flatMap(({ object }) => object ?? []));
  return { objects: [...objects], accepted: changes.filter(({ of }) => of === 'shard').map(({ item }) => item) };
}
