import type { Command } from 'commander';
import type { RangeBounds } from '../../../shardmap/manager/range-administration.ts';
import { change, withManager } from '../administration.ts';
import { addCommand, type CliWorld, type CommandSpec, type Invocation } from '../command.ts';
import { addDrainOptions, drainOf, listAll, mapOf, type DrainOptions } from './mappings.ts';

interface RangeOptions extends DrainOptions {
  readonly low?: string;
  readonly high?: string;
  readonly shard?: string;
  readonly purge?: boolean;
}

const columns = ['low', 'high', 'shard', 'state', 'epoch', 'mappingId'] as const;

/** `tenantry range add|split|merge|list|offline|online|remove`. A range is named by its two ends. */
export function addRangeCommands(program: Command, world: CliWorld): void {
  const range = program.command('range').description('ranges of tenants, of a range map');
  const add = (
    spec: CommandSpec,
    configure: (command: Command) => Command,
    run: (invocation: Invocation<RangeOptions>) => Promise<0 | 1 | 2 | void>,
  ): void => addCommand<RangeOptions>(range, world, { ofMap: true, ...spec }, configure, run);

  add(
    {
      usage: 'add',
      summary: 'place a new range of tenants on a shard',
      examples: ['range add --low 1 --high 1000 --shard a', 'range add --low 1000 --shard b'],
      changes: true,
    },
    (command) => bounds(command).requiredOption('--shard <name>', 'the shard that gets it'),
    (invocation) =>
      change(invocation, ({ ranges }) => ranges.add(boundsOf(invocation), { ...mapOf(invocation), shard: invocation.options.shard ?? '' })),
  );
  add(
    {
      usage: 'split <key>',
      summary: 'cut the range that holds a key in two; the key begins the second',
      examples: ['range split 500'],
      changes: true,
    },
    addDrainOptions,
    (invocation) =>
      change(invocation, ({ ranges }) =>
        ranges.split({ text: invocation.args[0] ?? '' }, { ...mapOf(invocation), ...drainOf(invocation) }),
      ),
  );
  add(
    {
      usage: 'merge <key>',
      summary: 'make one range of the two that meet at a key, on one shard and in one state',
      examples: ['range merge 500'],
      changes: true,
    },
    addDrainOptions,
    (invocation) =>
      change(invocation, ({ ranges }) =>
        ranges.merge({ text: invocation.args[0] ?? '' }, { ...mapOf(invocation), ...drainOf(invocation) }),
      ),
  );
  add(
    { usage: 'list', summary: 'list the ranges in order of their keys', examples: ['range list --shard a'] },
    (command) => command.option('--shard <name>', 'only those of this shard'),
    (invocation) =>
      withManager(invocation, ({ ranges }) =>
        listAll(invocation, ranges.list({ ...mapOf(invocation), shard: invocation.options.shard }), columns, 'There is no range yet.'),
      ),
  );
  add(
    {
      usage: 'offline',
      summary: 'let nobody in for the tenants of a range any more, once their transactions have ended',
      examples: ['range offline --low 1 --high 500'],
      changes: true,
    },
    (command) => addDrainOptions(bounds(command)),
    (invocation) =>
      change(invocation, ({ ranges }) => ranges.offline(boundsOf(invocation), { ...mapOf(invocation), ...drainOf(invocation) })),
  );
  add(
    { usage: 'online', summary: 'serve the tenants of a range again', examples: ['range online --low 1 --high 500'], changes: true },
    bounds,
    (invocation) => change(invocation, ({ ranges }) => ranges.online(boundsOf(invocation), mapOf(invocation))),
  );
  add(
    {
      usage: 'remove',
      summary: 'drop the mapping of a range that is offline; its rows stay unless purged',
      examples: ['range remove --low 1 --high 500'],
      changes: true,
      destroys: true,
    },
    (command) => bounds(command).option('--purge', 'delete its rows too'),
    async (invocation) => {
      const { low = '...', high = '...', purge = false, dryRun } = invocation.options;
      if (dryRun !== true) await invocation.confirm(`Remove range [${low}, ${high})${purge ? ' and delete all rows of its tenants' : ''}?`);
      return change(invocation, ({ ranges }) => ranges.remove(boundsOf(invocation), { ...mapOf(invocation), purge }));
    },
  );
}

function bounds(command: Command): Command {
  return command
    .option('--low <key>', 'first key (left out: the range begins before every key)')
    .option('--high <key>', 'first key after it (left out: the range ends after every key)');
}

function boundsOf({ options: { low, high } }: Invocation<RangeOptions>): RangeBounds {
  return { ...(low === undefined ? {} : { low: { text: low } }), ...(high === undefined ? {} : { high: { text: high } }) };
}
