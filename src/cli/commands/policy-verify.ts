import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { describeDisagreement, type Disagreement } from '../../../shardmap/compare-shard.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import { isUntriedAlone, problemText, type VerdictProblem } from '../../../shardmap/verdicts.ts';
import { counted } from '../../core/counted.ts';
import { TenantryError } from '../../core/errors.ts';
import { sentence } from '../../core/sentence.ts';
import { whatHelps } from '../../policy/findings.ts';
import { acceptanceOfLeak } from '../../policy/leaks.ts';
import { visible } from '../../core/visible.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import type { ShardVerification } from '../services.ts';
import { chosenFleet, defaultConcurrency, errorData, requireLooked, withActor, withConcurrency } from './fleet.ts';

interface VerifyOptions {
  readonly shard?: string;
  readonly concurrency?: number;
  readonly actor?: string;
}

/** How its protection was found, and where its local map, by which tenants are let in, is not what the catalog has. */
interface FoundShard extends ShardVerification {
  /** Up to `mostDisagreements`. */
  readonly localMap: readonly Disagreement[];
}

/** Places that are told; `tenantry recover` shows all. */
const mostDisagreements = 10;

/** A shard with what was found; `error` where it could not be looked at. */
type Verified = { readonly shard: string } & (FoundShard | { readonly error: TenantryError });

/** `tenantry policy verify`. */
export function addPolicyVerifyCommand(policy: Command, world: CliWorld): void {
  addCommand<VerifyOptions>(
    policy,
    world,
    {
      usage: 'verify',
      summary:
        'prove the protection of every shard: compare it, connect as tenants do, and try on every table what each login may do, with made-up rows that are undone; ends with 2 where anything is not as it must be',
      examples: ['policy verify', 'policy verify --shard a --json', 'policy verify --concurrency 16 --actor "nightly"'],
      fleetKey: 'writes',
      ofMap: true,
    },
    (command) => withActor(withConcurrency(command.option('--shard <name>', 'only this shard'))),
    verify,
  );
}

async function verify(invocation: Invocation<VerifyOptions>): Promise<ExitCode> {
  return withAdministration(invocation, async ({ manager, audit, verdicts, latestNumbers }, settings) => {
    const { options, output, world } = invocation;
    const { map, keyType, shards } = await chosenFleet(manager, settings, options);
    const run = { runId: randomUUID(), actor: options.actor ?? world.userName(), action: 'policy verify' };
    const proved = async (shard: Shard): Promise<Verified> => {
      const found = await foundOn(shard, async () => ({
        ...(await world.services.policies.verify(settings, shard, { keyType, numbers: latestNumbers })),
        localMap: await firstOf(manager.disagreements(shard), mostDisagreements),
      }));
      const detail =
        'error' in found
          ? { code: found.error.code, reason: found.error.reason }
          : { tried: found.tried, problems: problemsOf(found).map(problemText) };
      if (!('error' in found)) {
        const { fingerprint, tried } = found;
        const verifiedAt = world.services.now().getTime();
        await verdicts.record(shard.shardId, { verifiedAt, verifiedBy: run.actor, fingerprint, tried, problems: problemsOf(found) });
      }
      await audit.record({
        ...run,
        subject: `shard ${shard.name}`,
        outcome: isSound(found) ? 'DONE' : 'FAILED',
        detail: { map, ...detail },
      });
      return found;
    };
    const all: Verified[] = [];
    for await (const found of inParallel(shards, options.concurrency ?? defaultConcurrency, proved)) {
      all.push(found);
      output.line(described(found));
    }
    output.whole({ items: all.map(shown) });
    requireLooked(all);
    return all.every(isSound) ? 0 : 2;
  });
}

async function foundOn({ name }: Shard, verifying: () => Promise<FoundShard>): Promise<Verified> {
  try {
    return { shard: name, ...(await verifying()) };
  } catch (error) {
    if (!(error instanceof TenantryError)) throw error;
    return { shard: name, error };
  }
}

async function firstOf<T>(all: AsyncIterable<T>, most: number): Promise<T[]> {
  const first: T[] = [];
  for await (const each of all) if (first.push(each) === most) break;
  return first;
}

function isSound(found: Verified): boolean {
  return !('error' in found) && problemsOf(found).length === 0;
}

function problemsOf({ different, objection, unfit, leaks, refused, findings, localMap }: FoundShard): VerdictProblem[] {
  return [
    ...different.map((table) => `${table}: its protection is not what the configuration says.`),
    ...(objection === undefined ? [] : [`It may serve no tenants: ${objection}.`]),
    ...unfit.map(({ object, text }) => sentence(`${object} ${text}`)),
    ...leaks.map((leak) => sentence(`${leak.object} ${leak.text}${whatHelps(leak)}; ${acceptanceOfLeak(leak)}`)),
    ...(refused === undefined ? [] : [`A connection for tenants is not let in: ${refused}`]),
    ...localMap.map((found) => `Its local map disagrees with the catalog, ${describeDisagreement(found)}.`),
    ...findings.map(({ table, probe, outcome, text }) => {
      const told = sentence(`${table}: ${outcome}: ${probe}: ${text}`);
      return outcome === 'unproven' ? { untried: told } : told;
    }),
  ];
}

function described(found: Verified): string {
  if ('error' in found) return `shard ${found.shard}: could not be verified: ${found.error.reason}`;
  const problems = problemsOf(found);
  const tried = `${counted(found.tried, 'statement')} tried`;
  if (problems.length === 0) return `shard ${found.shard}: verified, ${tried}`;
  const verdict = isUntriedAlone(problems) ? 'NOT all of it could be tried, what could is as it must be' : 'NOT as it must be';
  return [`shard ${found.shard}: ${verdict}, ${tried}`, ...problems.map((problem) => `  ${visible(problemText(problem))}`)].join('\n');
}

function shown(found: Verified): object {
  if ('error' in found) return { shard: found.shard, error: errorData(found.error) };
  return { ...found, sound: isSound(found) };
}
