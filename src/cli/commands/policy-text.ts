import type { ShardWarning } from '../../../shardmap/shard-access.ts';
import type { PolicyChange } from '../../policy/model.ts';
import type { Output } from '../output.ts';

/** A shard where nothing is to be done. */
export function asConfigured(shard: string): string {
  return `shard ${shard}: as the configuration says`;
}

/** What is to be done on a shard, with its statements. */
export function describeChanges(shard: string, changes: readonly PolicyChange[]): string {
  const lines = changes.flatMap(({ table, item, statements }) => [
    `  ${table}: ${item}`,
    ...statements.map((statement) => `    ${statement.replaceAll('\n', '\n    ')};`),
  ]);
  return [`shard ${shard}: ${changes.length} to change`, ...lines].join('\n');
}

/** Remarks of what the policies of a shard cannot mend by themselves. */
export function warn(output: Output, shard: string, warnings: readonly ShardWarning[]): void {
  for (const { object, text, remedy } of warnings)
    output.note(`${output.tone('doubtful', 'warning')} ${shard}: ${object}: ${text}${remedy === undefined ? '' : `; run: ${remedy};`}`);
}
