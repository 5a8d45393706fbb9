import type { OperationReport } from '../../shardmap/operations.ts';
import type { ShardMapAdministrations, ShardMapManager } from '../../shardmap/manager.ts';
import type { Settings } from '../config.ts';
import type { ExitCode, Invocation } from './command.ts';
import type { Administration } from './services.ts';

/** Runs a command's work with the open catalog, closed whatever happens. */
export async function withAdministration<Options, T>(
  { settings, world }: Pick<Invocation<Options>, 'settings' | 'world'>,
  work: (administration: Omit<Administration, 'close'>, settings: Settings) => Promise<T>,
): Promise<T> {
  const configured = await settings();
  const administration = await world.services.openAdministration(configured);
  try {
    return await work(administration, configured);
  } finally {
    await administration.close();
  }
}

/** The same with the shard map's manager alone. */
export function withManager<Options, T>(
  invocation: Pick<Invocation<Options>, 'settings' | 'world'>,
  work: (manager: ShardMapManager, settings: Settings) => Promise<T>,
): Promise<T> {
  return withAdministration(invocation, ({ manager }, settings) => work(manager, settings));
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
