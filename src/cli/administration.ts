import type { OperationReport } from '../../shardmap/operations.ts';
import type { ShardMapAdministrations, ShardMapManager } from '../../shardmap/manager.ts';
import type { Settings } from '../config.ts';
import type { ExitCode, Invocation } from './command.ts';

/** Runs a command's work with the shard map's manager, closed whatever happens. */
export async function withManager<Options, T>(
  { settings, world }: Pick<Invocation<Options>, 'settings' | 'world'>,
  work: (manager: ShardMapManager, settings: Settings) => Promise<T>,
): Promise<T> {
  const configured = await settings();
  const administration = await world.services.openAdministration(configured);
  try {
    return await work(administration.manager, configured);
  } finally {
    await administration.close();
  }
}

/** Makes a change of the shard map, or with `--dry-run` only tries it, and says in one line what it is. */
export async function change<Options>(
  invocation: Invocation<Options>,
  work: (manager: ShardMapAdministrations, settings: Settings) => Promise<OperationReport>,
): Promise<ExitCode> {
  const { options, output } = invocation;
  return withManager(invocation, async (manager, settings) => {
    const dryRun = options.dryRun === true;
    const report = await work(dryRun ? manager.dryRun : manager, settings);
    output.result({ done: !dryRun, ...report }, `${dryRun ? 'Would be done' : 'Done'}: ${report.description}`);
    return dryRun ? 2 : 0;
  });
}
