import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { digest } from '../../core/digest.ts';
import { TenantryError } from '../../core/errors.ts';
import { isReplaceable, makePlan, readPlan, requireFitting, type PlannedShard, type PolicyPlan } from '../../policy/plan.ts';
import { isLooked, lookAtAll, requireAllLooked, type Looked } from '../../policy/rollout.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { chosenFleet, defaultConcurrency, withConcurrency, type Fleet } from './fleet.ts';
import { tellPreview } from './policy-preview.ts';
import { asConfigured, describeChanges, warn } from './policy-text.ts';

interface PlanOptions {
  readonly out: string;
  readonly shard?: string;
  readonly concurrency?: number;
}

/** `tenantry policy plan`. */
export function addPolicyPlanCommand(policy: Command, world: CliWorld): void {
  addCommand<PlanOptions>(
    policy,
    world,
    {
      usage: 'plan',
      summary:
        'write the exact statements for every shard to a file, which policy apply --plan then carries out; changes no shard, and ends with 2 where something is to be done',
      examples: ['policy plan --out rollout.json', 'policy apply --plan rollout.json'],
      ofMap: true,
    },
    (command) => withConcurrency(command.requiredOption('--out <file>', 'the file to write').option('--shard <name>', 'only this shard')),
    plan,
  );
}

async function plan(invocation: Invocation<PlanOptions>): Promise<ExitCode> {
  return withManager(invocation, async (manager, settings) => {
    const { options, output, world } = invocation;
    const path = resolve(world.folder, options.out);
    await requireReplaceable(path, options.out);
    const fleet = await chosenFleet(manager, settings, options);
    const looks = await lookAtAll(fleet.shards, options.concurrency ?? defaultConcurrency, (shard) =>
      world.services.policies.apply(settings, shard, { keyType: fleet.keyType, dryRun: true }),
    );
    if (!looks.every(isLooked)) {
      tellPreview(output, looks);
      output.note(`Nothing is written to ${options.out}.`);
    }
    const shards = requireAllLooked(looks).map(planned);
    const made = makePlan(originOf(world, fleet, settings), world.services.now(), shards);
    await write(path, options.out, made);
    for (const { name, warnings } of shards) warn(output, name, warnings);
    const lines = shards.map(({ name, changes }) => (changes.length === 0 ? asConfigured(name) : describeChanges(name, changes)));
    output.result(
      { file: options.out, plan: made },
      [...lines, `Written to ${options.out}: tenantry policy apply --plan ${options.out}`].join('\n'),
    );
    return shards.every(({ changes }) => changes.length === 0) ? 0 : 2;
  });
}

function planned({ shard: { name, shardId, incarnation }, found: { state, changes, warnings } }: Looked<Shard>): PlannedShard {
  return { name, shardId, incarnation, state, changes, warnings };
}

/** The plan in a file, which fits this program, its configuration and the fleet. Throws INVALID_REQUEST or CONFLICT. */
export async function fittingPlan(path: string, world: CliWorld, settings: Settings, fleet: Fleet): Promise<PolicyPlan> {
  const text = await readFile(resolve(world.folder, path), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TenantryError('INVALID_REQUEST', `The plan ${path} cannot be read${cause.code === undefined ? '' : ` (${cause.code})`}.`, {
      cause,
    });
  });
  const found = readPlan(text, path);
  requireFitting(found, path, originOf(world, fleet, settings), fleet.shards);
  return found;
}

function originOf(
  { version }: CliWorld,
  { map, keyType }: Fleet,
  settings: Settings,
): Pick<PolicyPlan, 'version' | 'map' | 'configuration'> {
  const { tables, procedures, contextProtection, capabilities, drift } = settings;
  return { version, map, configuration: digest({ keyType, tables, procedures, contextProtection, capabilities, drift }) };
}

/** Throws CONFLICT where there is a file that is no plan. What cannot be read says so when it is written. */
async function requireReplaceable(path: string, shown: string): Promise<void> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  const text = isFile ? await readFile(path, 'utf8').catch(() => '') : '';
  if (!isReplaceable(text)) throw new TenantryError('CONFLICT', `${shown} is there already and is no plan: give --out another file.`);
}

async function write(path: string, shown: string, made: PolicyPlan): Promise<void> {
  await writeFile(path, `${JSON.stringify(made, null, 2)}\n`).catch((cause: NodeJS.ErrnoException) => {
    throw new TenantryError(
      'INVALID_REQUEST',
      `The plan cannot be written to ${shown}${cause.code === undefined ? '' : ` (${cause.code})`}.`,
      { cause },
    );
  });
}
