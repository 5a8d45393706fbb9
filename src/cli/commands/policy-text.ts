import type { ShardWarning } from '../../../shardmap/shard-access.ts';
import { whatHelps } from '../../policy/findings.ts';
import type { PolicyChange } from '../../policy/model.ts';
import type { Output } from '../output.ts';
import { visible } from '../../core/visible.ts';

/** A shard where nothing is to be done. */
export function asConfigured(shard: string): string {
  return `shard ${shard}: as the configuration says`;
}

/** What is to be done on a shard, with its statements; what would be accepted as it is stands apart from what would be another. */
export function describeChanges(shard: string, changes: readonly PolicyChange[]): string {
  const lines = changes.flatMap((change) => [
    visible(lineOf(change, pendingWords)),
    ...change.statements.map((statement) => `    ${statement.replaceAll('\n', '\n    ')};`),
  ]);
  return [`shard ${shard}: ${countsOf(changes, pendingWords)}`, ...lines].join('\n');
}

/** What was done on a shard. */
export function describeDone(shard: string, changes: readonly PolicyChange[]): string {
  return [`shard ${shard}: ${countsOf(changes, doneWords)}`, ...changes.map((change) => visible(lineOf(change, doneWords)))].join('\n');
}

type Words = Readonly<Record<PolicyChange['kind'], string>>;

const pendingWords: Words = { set: 'to change', accept: 'to accept as it is', renew: 'to accept until another time' };
const doneWords: Words = { set: 'changed', accept: 'accepted as it is', renew: 'accepted until another time' };

/** `1 to change, 2 to accept as it is`. */
function countsOf(changes: readonly PolicyChange[], words: Words): string {
  const counts = (['set', 'accept', 'renew'] as const).map((kind) => ({
    kind,
    count: changes.filter((change) => change.kind === kind).length,
  }));
  return counts.flatMap(({ kind, count }) => (count === 0 ? [] : [`${count} ${words[kind]}`])).join(', ');
}

/** What is set is of a table or procedure, which is named; what is accepted names itself, with the reason why it was not. */
function lineOf({ kind, object, item, before, after }: PolicyChange, words: Words): string {
  if (kind === 'set') return `  ${object}: ${item}`;
  if (kind === 'renew') return `  ${item}: ${before}, then ${after}`;
  return `  ${words.accept}: ${item}${before === null ? '' : ` (${before})`}`;
}

/** Remarks of what the policies of a shard cannot mend by themselves. */
export function warn(output: Output, shard: string, warnings: readonly ShardWarning[]): void {
  for (const { object, text, acceptedUntil, ...help } of warnings) {
    const until = acceptedUntil === undefined ? '' : `; accepted until ${acceptedUntil}`;
    output.note(`${output.tone('doubtful', 'warning')} ${shard}: ${visible(`${object}: ${text}${whatHelps(help)}${until}`)}`);
  }
}
