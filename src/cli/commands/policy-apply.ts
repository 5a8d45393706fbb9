import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { counted } from '../../core/counted.ts';
import { asTenantryError, hadNoAnswer, type TenantryError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { PolicyChange, PolicyFinding } from '../../policy/model.ts';
import type { PlannedShard } from '../../policy/plan.ts';
import { rollOut, type RolloutSteps, type ShardRollout } from '../../policy/rollout.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import type { Output } from '../output.ts';
import { fittingPlan } from './policy-plan.ts';
import { asConfigured, describeChanges, describeDone, warn } from './policy-text.ts';
import {
  chosenFleet,
  defaultConcurrency,
  defaultWaitSeconds,
  named,
  noteUnwritten,
  requireAll,
  requireLooked,
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
        'make the policies of every shard of the map what the configuration says: of one first, which is verified, then of the others; stops at the first failure, and goes on where it stopped when run again',
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
              .option('--plan <file>', 'do exactly what `policy plan` wrote to this file, where every shard is still as it was then')
              .option('--shard <name>', 'on this shard only')
              .option('--canary <name>', 'the shard that comes first, alone (default: the first by name with something to change)'),
            'shards at once after it',
          ),
          'tables in use are tried again on a shard',
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
    const look: RolloutSteps<Shard>['look'] = (shard) =>
      policies.apply(settings, shard, { keyType, dryRun: true, planned: planned?.get(shard.shardId) });
    if (options.dryRun === true) return preview(shards, output, options, look);
    const run = { runId: randomUUID(), actor: options.actor ?? world.userName(), action: 'policy apply' };
    const stop = world.untilStopped();
    const withinMs = 1_000 * (options.wait ?? defaultWaitSeconds);
    const steps: RolloutSteps<Shard> = {
      look,
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
    const results = await rollOut(shards, steps, {
      canary: options.canary,
      concurrency: options.concurrency ?? defaultConcurrency,
      stop,
      onResult: (result) => {
        warn(output, result.shard, result.warnings);
        noteUnwritten(output, result);
        output.line(describe(result));
      },
    });
    output.whole({ items: results.map(resultData) });
    requireAll(results, stateOf(results));
    return 0;
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

/** What would be done on a shard; `error`: why it could not be looked at, or why it cannot be done. */
interface Previewed {
  readonly shard: string;
  readonly outcome: 'already so' | 'pending' | 'failed';
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly PolicyFinding[];
  readonly error?: TenantryError;
}

/** Tells what would be done on each shard. Throws where that is not known of one, or cannot be done there, once the others are told. */
async function preview(
  shards: readonly Shard[],
  output: Output,
  { concurrency = defaultConcurrency }: ApplyOptions,
  look: RolloutSteps<Shard>['look'],
): Promise<ExitCode> {
  const looked = async (shard: Shard): Promise<Previewed> => {
    const { name } = shard;
    try {
      const { changes, warnings } = await look(shard);
      return { shard: name, outcome: changes.length === 0 ? 'already so' : 'pending', changes, warnings };
    } catch (error) {
      return { shard: name, outcome: 'failed', changes: [], warnings: [], error: asTenantryError(error) };
    }
  };
  const results = await Array.fromAsync(inParallel(shards, concurrency, looked));
  for (const { shard, warnings } of results) warn(output, shard, warnings);
  output.result({ items: results.map(resultData) }, results.map(describePreview).join('\n'));
  requireLooked(results);
  return results.every(({ changes }) => changes.length === 0) ? 0 : 2;
}

function describePreview({ shard, changes, error }: Previewed): string {
  if (error !== undefined) return `shard ${shard}: ${hadNoAnswer(error) ? 'could not be looked at' : 'cannot be done'}: ${error.reason}`;
  return changes.length === 0 ? asConfigured(shard) : describeChanges(shard, changes);
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
