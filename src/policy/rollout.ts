import { failureOf, recorded } from '../../shardmap/recorded.ts';
import { asTenantryError, TenantryError } from '../core/errors.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { PolicyChange, PolicyFinding, PolicyResult } from './model.ts';

/** What is done with each shard of a fleet. */
export interface RolloutSteps<S> {
  /** What is to be changed; changes nothing. */
  look(shard: S): Promise<PolicyResult>;
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

/**
 * Brings a change to a fleet: looks at all shards, changes and verifies one, then the others, so many at once, and begins no other once one
 * has failed. What is done stays, and to run it again does the rest. Throws, with nothing changed, what looking at any shard throws.
 */
export async function rollOut<S extends { readonly name: string }>(
  shards: readonly S[],
  steps: RolloutSteps<S>,
  options: RolloutOptions,
): Promise<ShardRollout[]> {
  const looks: Looked<S>[] = [];
  for await (const looked of inParallel(shards, options.concurrency, async (shard) => await lookAt(shard, steps))) looks.push(looked);
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
  for (const { shard, warnings } of looks) {
    if (!reached.has(shard.name)) told({ shard: shard.name, outcome: 'not reached', changes: [], warnings });
  }
  return results;
}

/** An error with the shard that it is of. */
export function onShard(shard: string, error: unknown): TenantryError {
  const { code, reason, outcome } = asTenantryError(error);
  return new TenantryError(code, `On shard ${shard}: ${reason}`, { cause: error, outcome });
}

interface Looked<S> extends Pick<PolicyResult, 'warnings'> {
  readonly shard: S;
  readonly pending: number;
}

async function lookAt<S extends { readonly name: string }>(shard: S, steps: RolloutSteps<S>): Promise<Looked<S>> {
  try {
    const { changes, warnings } = await steps.look(shard);
    return { shard, pending: changes.length, warnings };
  } catch (error) {
    throw onShard(shard.name, error);
  }
}

function canaryFirst<S extends { readonly name: string }>(looks: readonly Looked<S>[], name: string | undefined): readonly Looked<S>[] {
  const canary =
    name === undefined ? (looks.find(({ pending }) => pending > 0) ?? looks[0]) : looks.find(({ shard }) => shard.name === name);
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
async function changeOne<S extends { readonly name: string }>(
  { shard, pending, warnings: seen }: Looked<S>,
  steps: RolloutSteps<S>,
): Promise<ShardRollout> {
  let warnings = seen;
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
