import type { OperationReport } from '../../shardmap/logged-operations.ts';
import type { ShardMapAdministrations, ShardMapManager } from '../../shardmap/manager.ts';
import { describeWrongKey } from '../../shardmap/fleet-key-names.ts';
import type { Settings } from '../config.ts';
import type { ExitCode, FleetKeyUse, Invocation } from './command.ts';
import type { Output } from './output.ts';
import type { Administration } from './services.ts';

/** What a command that works with the catalog is opened by. */
type Opening<Options> = Pick<Invocation<Options>, 'settings' | 'world' | 'output' | 'fleetKey'>;

/**
 * Runs a command's work with the open catalog, closed whatever happens. Throws INVALID_CONFIGURATION before that where it needs the fleet's
 * key and another one is configured.
 */
export async function withAdministration<Options, T>(
  { settings, world, output, fleetKey }: Opening<Options>,
  work: (administration: Omit<Administration, 'close'>, settings: Settings) => Promise<T>,
): Promise<T> {
  const configured = await settings();
  const administration = await world.services.openAdministration(configured);
  try {
    await mindFleetKey(administration, fleetKey, output);
    return await work(administration, configured);
  } finally {
    await administration.close();
  }
}

async function mindFleetKey({ keyNames }: Pick<Administration, 'keyNames'>, use: FleetKeyUse, output: Output): Promise<void> {
  if (use === 'writes') return keyNames.requireToWrite();
  if (use === 'rotates') return keyNames.require();
  const wrong = await keyNames.objection();
  if (wrong !== undefined) output.note(describeWrongKey(wrong));
}

/** The same with the shard map's manager alone. */
export function withManager<Options, T>(
  invocation: Opening<Options>,
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
