import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { counted } from '../../core/counted.ts';
import { unacceptedLeaks } from '../../policy/leaks.ts';
import type { PlannedShard } from '../../policy/plan.ts';
import {
  isLooked,
  lookAtAll,
  notReached,
  requireAllLooked,
  rollOut,
  type Looked,
  type RolloutSteps,
  type ShardRollout,
  type Unlooked,
} from '../../policy/rollout.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import type { Output } from '../output.ts';
import { fittingPlan } from './policy-plan.ts';
import { tellPreview } from './policy-preview.ts';
import { asConfigured, describeDone, warn } from './policy-text.ts';
import {
  chosenFleet,
  defaultConcurrency,
  defaultWaitSeconds,
  named,
  noteUnwritten,
  requireAll,
  resultData,
  withActor,
  withConcurrency,
  withWait,
  type Fleet,
} from './fleet.ts';

interface ApplyOptions {
  readonly shard?: string;
  readonly canary?: string;
  readonly concurrency?: number;
  readonly wait?: number;
  readonly actor?: string;
  readonly plan?: string;
}

/** `tenantry policy apply`. */
export function addPolicyApplyCommand(policy: Command, world: CliWorld): void {
  addCommand<ApplyOptions>(
    policy,
    world,
    {
      usage: 'apply',
      summary:
        'bring the policies of the configuration to every shard of the map, and accept what then protects it: one shard first, which is verified, then the others; stops at the first failure, and goes on where it stopped when run again',
      examples: [
        'policy apply --dry-run',
        'policy apply --canary b --concurrency 8',
        'policy apply --plan rollout.json --actor "Ann, change 4711"',
      ],
      changes: true,
      ofMap: true,
    },
    (command) =>
      withActor(
        withWait(
          withConcurrency(
            command
              .option('--plan <file>', 'do exactly what `policy plan` wrote to this file; refused where a shard has changed since')
              .option('--shard <name>', 'only this shard')
              .option('--canary <name>', 'the shard that is changed first, alone (default: the first by name with something to change)'),
            'shards at once after the first',
          ),
          'to retry tables in use on a shard',
        ),
      ),
    apply,
  );
}

async function apply(invocation: Invocation<ApplyOptions>): Promise<ExitCode> {
  return withAdministration(invocation, async ({ manager, audit, latestNumbers }, settings) => {
    const { options, output, world } = invocation;
    const { policies } = world.services;
    const { map, keyType, shards, planned, plan } = await target(invocation, manager, settings);
    const { concurrency = defaultConcurrency } = options;
    const looks = await lookAtAll(shards, concurrency, (shard) =>
      policies.apply(settings, shard, { keyType, dryRun: true, planned: planned?.get(shard.shardId) }),
    );
    if (options.dryRun === true) {
      tellPreview(output, looks);
      return requireAllLooked(looks).every(({ found }) => found.changes.length === 0 && unacceptedLeaks(found.warnings).length === 0)
        ? 0
        : 2;
    }
    const tell = (result: ShardRollout): void => {
      warn(output, result.shard, result.warnings);
      noteUnwritten(output, result);
      output.line(describe(result));
    };
    if (!looks.every(isLooked)) tellRefused(looks, output, tell);
    const looked = requireAllLooked(looks);
    const run = { runId: randomUUID(), actor: options.actor ?? world.userName(), action: 'policy apply' };
    const stop = world.untilStopped();
    const withinMs = 1_000 * (options.wait ?? defaultWaitSeconds);
    const steps: RolloutSteps<Shard> = {
      change: (shard) =>
        policies.apply(settings, shard, { keyType, actor: run.actor, dryRun: false, withinMs, stop, planned: planned?.get(shard.shardId) }),
      verify: (shard) => policies.requireServing(settings, shard, { keyType }),
      tell: (shard) => policies.tellLatest(settings, shard, latestNumbers),
      record: (shard, outcome, detail) =>
        audit.record({
          ...run,
          subject: `shard ${shard.name}`,
          outcome,
          detail: { map, ...(plan === undefined ? {} : { plan }), ...detail },
        }),
    };
    const results = await rollOut(looked, steps, { canary: options.canary, concurrency, stop, onResult: tell });
    output.whole({ items: results.map(resultData) });
    requireAll(results, stateOf(results));
    return results.every(({ warnings }) => unacceptedLeaks(warnings).length === 0) ? 0 : 2;
  });
}

interface Target extends Fleet {
  /** By the shard's id; undefined: whatever differs is changed. */
  readonly planned?: ReadonlyMap<string, PlannedShard>;
  /** The plan's digest, by which the audit trail tells which one it was. */
  readonly plan?: string;
}

/** The shards to change: those that are chosen, and of them those of the plan where there is one. */
async function target({ options, output, world }: Invocation<ApplyOptions>, manager: ShardMapManager, settings: Settings): Promise<Target> {
  if (options.plan === undefined) return chosenFleet(manager, settings, options);
  const all = await chosenFleet(manager, settings, { map: options.map });
  const { shards, digest: plan } = await fittingPlan(options.plan, world, settings, all);
  const planned = new Map(shards.map((shard) => [shard.shardId, shard]));
  const [chosen, left] = [true, false].map((isPlanned) => all.shards.filter(({ shardId }) => planned.has(shardId) === isPlanned));
  if (left?.length) output.note(`Not in the plan: ${left.map(({ name }) => name).join(', ')}`);
  return { ...all, plan, planned, shards: named(chosen ?? [], options.shard, 'plan') };
}

/** Tells of every shard, where what is to be done cannot be done on one, or is not known: nothing is changed on any. */
function tellRefused(looks: readonly (Looked<Shard> | Unlooked<Shard>)[], output: Output, tell: (result: ShardRollout) => void): void {
  const results = looks.map((look): ShardRollout =>
    isLooked(look) ? notReached(look) : { shard: look.shard.name, outcome: 'failed', changes: [], warnings: [], error: look.error },
  );
  results.forEach(tell);
  output.whole({ items: results.map(resultData) });
}

function describe({ shard, outcome, canary, changes, error }: ShardRollout): string {
  const name = canary === true ? `${shard} (canary)` : shard;
  if (outcome === 'already so') return asConfigured(name);
  if (outcome === 'not reached') return `shard ${name}: not reached`;
  if (outcome === 'failed') return `shard ${name}: failed: ${error?.reason ?? ''}`;
  return describeDone(name, changes);
}

function stateOf(results: readonly ShardRollout[]): string {
  const count = (wanted: ShardRollout['outcome']): number => results.filter(({ outcome }) => outcome === wanted).length;
  return `${counted(count('changed'), 'shard')} changed, ${count('already so')} already so, ${count('failed')} failed, ${count('not reached')} not reached`;
}
