import type { Command } from 'commander';
import type { PolicyResult } from '../../policy/model.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';

interface ApplyOptions {
  readonly shard?: string;
}

interface ShardPolicies extends PolicyResult {
  readonly shard: string;
}

/** `tenantry policy apply`. */
export function addPolicyCommands(program: Command, world: CliWorld): void {
  const policy = program.command('policy').description("row-level security of the configuration's tables");
  addCommand<ApplyOptions>(
    policy,
    world,
    {
      usage: 'apply',
      summary: 'make the policies of every shard of the map what the configuration says',
      examples: ['policy apply --dry-run', 'policy apply --shard a'],
      changes: true,
      ofMap: true,
    },
    (command) => command.option('--shard <name>', 'on this shard only'),
    apply,
  );
}

async function apply(invocation: Invocation<ApplyOptions>): Promise<ExitCode> {
  const { options, output, world } = invocation;
  return withManager(invocation, async ({ maps, shards }, settings) => {
    const map = options.map ?? settings.map.name;
    const { keyType } = await maps.show(map);
    const all = await shards.list({ map });
    const chosen = all.filter(({ name }) => options.shard === undefined || name === options.shard);
    if (chosen.length === 0)
      throw new TenantryError(
        'NOT_FOUND',
        `The map has no shard ${options.shard ?? 'yet'}; it has ${all.map(({ name }) => name).join(', ') || 'none'}.`,
      );
    const results: ShardPolicies[] = [];
    const on = async (shard: Shard, dryRun: boolean): Promise<PolicyResult> => {
      try {
        return await world.services.applyPolicies(settings, shard, { keyType, dryRun });
      } catch (error) {
        throw error instanceof TenantryError
          ? new TenantryError(error.code, `On shard ${shard.name}: ${error.reason}`, { cause: error })
          : error;
      }
    };
    // What would be refused on one shard is found before another has been changed.
    if (options.dryRun !== true) for (const shard of chosen) await on(shard, true);
    for (const shard of chosen) {
      const { name } = shard;
      const result = await on(shard, options.dryRun === true);
      results.push({ shard: name, ...result });
      for (const { object, text, remedy } of result.warnings)
        output.note(`${output.tone('doubtful', 'warning')} ${name}: ${object}: ${text}${remedy === undefined ? '' : `; run: ${remedy};`}`);
    }
    output.result(results, results.map((result) => describe(result, options.dryRun === true)).join('\n'));
    return results.every(({ applied }) => applied) ? 0 : 2;
  });
}

function describe({ shard, changes, applied }: ShardPolicies, dryRun: boolean): string {
  if (changes.length === 0) return `shard ${shard}: as the configuration says`;
  const heading = `shard ${shard}: ${changes.length} ${applied ? 'changed' : 'to change'}`;
  const lines = changes.flatMap(({ table, item, statements }) => [
    `  ${table}: ${item}`,
    ...(dryRun ? statements.map((statement) => `    ${statement.replaceAll('\n', '\n    ')};`) : []),
  ]);
  return [heading, ...lines].join('\n');
}
