import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import type { Difference } from './diff.ts';
import type { Fingerprint, FingerprintItem } from './fingerprint.ts';

/** What became of an object of the fingerprint: the same words where it became the same. */
export type Effect = string;

/**
 * What became of the fingerprint between two looks of a transaction that set differences, without what the differences themselves say: the
 * doing of other transactions, or what comes into reach with a table, such as the functions that its defaults call.
 */
export function unexplainedEffects(
  { sets, touches, tableOf }: Pick<PolicyRenderer, 'sets' | 'touches' | 'tableOf'>,
  pending: readonly Difference[],
  { before, after }: { readonly before: Fingerprint['items']; readonly after: Fingerprint['items'] },
): ReadonlySet<Effect> {
  const known = new Set(before.map((item) => tableOf(item)));
  const set = pending.map((difference) => ({ difference, isNew: !known.has(difference.object) }));
  const isExplained = (item: FingerprintItem): boolean =>
    set.some(({ difference, isNew }) => (difference.of === 'table' && sets(difference, item)) || touches(difference, item, isNew));
  const changed = [...onlyIn(before, after, 'no more'), ...onlyIn(after, before, 'now')];
  return new Set(changed.flatMap(({ item, effect }) => (isExplained(item) ? [] : [effect])));
}

function onlyIn(
  items: readonly FingerprintItem[],
  others: readonly FingerprintItem[],
  word: string,
): { readonly item: FingerprintItem; readonly effect: Effect }[] {
  const effectOf = (item: FingerprintItem): Effect => [item.kind, item.object, item.digest].join('\n');
  const there = new Set(others.map(effectOf));
  return items.filter((item) => !there.has(effectOf(item))).map((item) => ({ item, effect: `${word}\n${effectOf(item)}` }));
}
