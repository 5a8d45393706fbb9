import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { failureOf, recorded } from '../../../shardmap/recorded.ts';
import { TenantryError } from '../../core/errors.ts';
import { longestOverrideMs } from '../../core/shard-signer.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { chosenFleet, noteUnwritten, requireWritten, resultData, withActor } from './fleet.ts';

interface OverrideOptions {
  readonly shard: string;
  readonly for?: number;
  readonly reason?: string;
  readonly end?: boolean;
  readonly actor?: string;
}

/** `tenantry policy override`. */
export function addPolicyOverrideCommand(policy: Command, world: CliWorld): void {
  addCommand<OverrideOptions>(
    policy,
    world,
    {
      usage: 'override',
      summary:
        'let tenants into a shard for a while although what protects them was changed and not accepted; it is signed, holds for this shard alone, and is in the audit trail',
      examples: [
        'policy override --shard a --for 30m --reason "A hotfix altered a view; reviewed, change 4711"',
        'policy override --shard a --end',
      ],
      ofMap: true,
      changes: true,
    },
    (command) =>
      withActor(
        command
          .requiredOption('--shard <name>', 'the shard')
          .option('--for <time>', 'how long, up to a day: 90s, 30m, 24h', duration)
          .option('--reason <text>', 'why; goes into the audit trail', reason)
          .option('--end', 'end the override: tenants are let in only while the protection is as it was accepted'),
      ),
    override,
  );
}

async function override(invocation: Invocation<OverrideOptions>): Promise<ExitCode> {
  const { options, output, world } = invocation;
  const wanted = wantedOf(options);
  return await withAdministration(invocation, async ({ manager, audit, latestNumbers }, settings) => {
    const { map, shards } = await chosenFleet(manager, settings, options);
    if (options.dryRun === true) {
      for (const { name: shard } of shards)
        output.result(
          { shard, done: false, forMs: wanted?.forMs ?? null, until: null },
          `Would be done: shard ${shard}: ${wanted === null ? 'no override any more' : `tenants are let in for ${wanted.forMs / 1_000} s`}`,
        );
      return 2;
    }
    const actor = options.actor ?? world.userName();
    const { policies } = world.services;
    for (const shard of shards) {
      const event = { runId: randomUUID(), actor, action: 'policy override', subject: `shard ${shard.name}` };
      const detail = { map, ...(wanted === null ? { end: true } : { forMs: wanted.forMs, reason: wanted.reason }) };
      const { result: until, unrecorded } = await recorded(
        {
          record: (outcome, more) => audit.record({ ...event, outcome, detail: { ...detail, ...more } }),
          begun: {},
          done: (untilText) => ({ until: untilText }),
          failed: ({ code, reason: why }) => ({ code, error: why }),
        },
        async () => {
          if (wanted !== null) return new Date(await policies.override(settings, shard, { ...wanted, decidedBy: actor })).toISOString();
          await policies.endOverride(settings, shard, latestNumbers);
          return null;
        },
      );
      const untold = wanted === null ? undefined : await failureOf(policies.tellLatest(settings, shard, latestNumbers));
      // An override lets in past what was not accepted, and past nothing else.
      const refused = wanted === null ? undefined : await failureOf(policies.requireAdmitted(settings, shard));
      const result = { shard: shard.name, done: true, forMs: wanted?.forMs ?? null, until, refused: refused?.reason, unrecorded, untold };
      noteUnwritten(output, result);
      output.result(resultData(result), toldOf(result));
      requireWritten([result]);
      if (refused !== undefined) return 2;
    }
    return 0;
  });
}

interface Overridden {
  readonly shard: string;
  /** Null: there is none any more. */
  readonly until: string | null;
  /** Why tenants are not let in by it. */
  readonly refused: string | undefined;
}

function toldOf({ shard, until, refused }: Overridden): string {
  if (until === null) return `shard ${shard}: no override any more`;
  if (refused === undefined) return `shard ${shard}: tenants are let in until ${until}`;
  return `shard ${shard}: an override is in force until ${until}, and tenants are not let in by it alone: ${refused}`;
}

/** Null: it is to end. */
function wantedOf({ for: forMs, reason: why, end }: OverrideOptions): { readonly forMs: number; readonly reason: string } | null {
  if (end === true && forMs === undefined && why === undefined) return null;
  if (end !== true && forMs !== undefined && why !== undefined) return { forMs, reason: why };
  throw new TenantryError('INVALID_REQUEST', 'An override needs --for and --reason; --end ends one, and stands alone.');
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  if (ms > 0 && ms <= longestOverrideMs) return ms;
  throw new InvalidArgumentError('It must be a time up to a day, such as 90s, 30m or 24h.');
}

function reason(text: string): string {
  if (text.trim() === '' || text.length > 400 || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('It must be 1 to 400 characters, none of them a control character.');
  return text;
}
