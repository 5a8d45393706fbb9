import type { Command } from 'commander';
import type { Shard } from '../../../shardmap/shard.ts';
import { TenantryError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { ItemComparison, SubjectComparison } from '../../policy/compare-subjects.ts';
import type { PolicySubject } from '../../policy/model.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { chosenFleet, defaultConcurrency, requireLooked, withConcurrency } from './fleet.ts';

interface DiffOptions {
  readonly shard?: string;
  readonly table?: string;
  readonly concurrency?: number;
}

/** A table or procedure of a shard, or the shard as a whole, which may be unreadable. */
interface Line extends Record<string, unknown> {
  readonly shard: string;
  readonly of: PolicySubject['of'];
  readonly object: PolicySubject['object'];
  readonly state: SubjectComparison['state'] | 'unreadable';
  /** In words. */
  readonly what: string;
  readonly items: readonly ItemComparison[];
}

const columns = ['shard', 'of', 'object', 'state', 'what'] as const;

/** `tenantry policy diff`. */
export function addPolicyDiffCommand(policy: Command, world: CliWorld): void {
  addCommand<DiffOptions>(
    policy,
    world,
    {
      usage: 'diff',
      summary:
        'compare every shard with the configuration, table by table, and with what was accepted: same, accepted (for a while), missing, different, extra or unreadable; ends with 0 where all is same or accepted, with 1 where a shard is unreadable, else with 2',
      examples: ['policy diff', 'policy diff --table Blogs --json', 'policy diff --shard a'],
      ofMap: true,
    },
    (command) =>
      withConcurrency(
        command
          .option('--shard <name>', 'only this shard')
          .option('--table <name>', 'only this table or procedure, and the shard as a whole: Blogs, or public.Blogs'),
      ),
    diff,
  );
}

async function diff(invocation: Invocation<DiffOptions>): Promise<ExitCode> {
  return withManager(invocation, async (manager, settings) => {
    const { options, output, world } = invocation;
    const { keyType, shards } = await chosenFleet(manager, settings, options);
    const counts = new Map<string, number>();
    let isThere = options.table === undefined;
    const unread: { readonly shard: string; readonly error: TenantryError }[] = [];
    const linesOf = async (shard: Shard): Promise<Line[]> => {
      try {
        return linesOfShard(shard, await world.services.policies.compare(settings, shard, { keyType }));
      } catch (error) {
        if (!(error instanceof TenantryError)) throw error;
        unread.push({ shard: shard.name, error });
        return [{ shard: shard.name, of: 'shard', object: null, state: 'unreadable', what: `${error.reason} (${error.code})`, items: [] }];
      }
    };
    const lines = async function* (): AsyncGenerator<Line, void, undefined> {
      for await (const ofShard of inParallel(shards, options.concurrency ?? defaultConcurrency, linesOf)) {
        for (const line of ofShard.filter((each) => isNamed(each, options.table))) {
          isThere ||= line.of !== 'shard' || line.state === 'unreadable';
          counts.set(line.state, (counts.get(line.state) ?? 0) + 1);
          yield line;
        }
      }
    };
    await output.stream(lines(), columns, 'There is nothing to compare.');
    if (!isThere)
      throw new TenantryError(
        'NOT_FOUND',
        `There is no table or procedure ${options.table}, neither in the configuration nor on a shard that was looked at.`,
      );
    output.note([...counts].map(([state, count]) => `${count} ${state}`).join(', '));
    requireLooked(unread);
    return [...counts.keys()].every((state) => state === 'same' || state === 'accepted') ? 0 : 2;
  });
}

function linesOfShard({ name }: Shard, compared: readonly SubjectComparison[]): Line[] {
  return compared.map(({ of, object, state, items, reasons }) => {
    // The objection to a shard names what it is for, and not what is accepted.
    const named = items.filter(({ accepted }) => of !== 'shard' || accepted !== undefined).map(inWords);
    return {
      shard: name,
      of,
      object,
      state,
      what: [...reasons, ...(named.length === 0 ? [] : [`${reasons.length === 0 ? '' : 'Besides: '}${named.join('; ')}`])].join(' '),
      items,
    };
  });
}

function inWords(compared: ItemComparison): string {
  const { item, state, accepted } = compared;
  if (accepted === undefined) return differenceInWords(compared);
  const until = `accepted until ${accepted.until}: ${accepted.reason}`;
  return state === 'extra' ? `${item} is there, ${until}` : `${differenceInWords(compared)} (${until})`;
}

function differenceInWords({ item, state, before, after }: ItemComparison): string {
  if (state === 'missing') return `${item} is missing`;
  return state === 'extra' ? `${item} is not in the model: ${before}` : `${item} is ${before}, and should be ${after}`;
}

/** Whatever table is asked for: a shard that serves nobody is told, and one that could not be read. */
function isNamed({ object }: Line, name: string | undefined): boolean {
  return name === undefined || object === null || object === name || object.endsWith(`.${name}`);
}
