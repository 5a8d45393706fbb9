import { type Command, InvalidArgumentError } from 'commander';
import type { DrainChoice, MapChoice } from '../../../shardmap/manager/map-scope.ts';
import type { Placement } from '../../../shardmap/manager/placement.ts';
import type { Invocation } from '../command.ts';
import type { ListRow } from '../output.ts';

/** How long to wait for those who are inside, and whether to cancel their statements. */
export interface DrainOptions {
  readonly drainMs?: number;
  readonly force?: boolean;
}

/** Declares `DrainOptions`. */
export function addDrainOptions(command: Command): Command {
  return command
    .option('--drain-ms <milliseconds>', 'how long its transactions have to end (default: limits.drainMs)', milliseconds)
    .option('--force', 'cancel their statements');
}

/** What was said of them. */
export function drainOf({ options: { drainMs, force } }: Invocation<DrainOptions>): DrainChoice {
  return { drainMs, force };
}

/** The map that a command names, where it does. */
export function mapOf({ options: { map } }: Invocation<object>): MapChoice {
  return { map };
}

/** Prints placements as the catalog gives them, page by page. */
export async function listAll<Options>(
  { output }: Invocation<Options>,
  placements: AsyncIterable<Placement>,
  columns: readonly string[],
  empty: string,
): Promise<void> {
  await output.stream(rowsOf(placements), columns, empty);
}

async function* rowsOf(placements: AsyncIterable<Placement>): AsyncGenerator<ListRow, void, undefined> {
  for await (const placement of placements) yield { ...placement };
}

function milliseconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of milliseconds.');
  return Number(text);
}
