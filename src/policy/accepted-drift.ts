import { driftOfItem, isOfFingerprint, type AcceptedDrift } from '../core/accepted-drift.ts';
import type { SqlSession } from '../core/session.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import type { Difference } from './diff.ts';
import { readFingerprint, type FingerprintItem } from './fingerprint.ts';

/** What of a comparison is to be changed, and what stays as it is for a while. */
export interface Sorted {
  readonly pending: readonly Difference[];
  readonly kept: readonly Difference[];
}

/** Sorts differences by whether one is accepted. */
export function sortDifferences(differences: readonly Difference[], drift: readonly AcceptedDrift[]): Sorted {
  const objects = new Set(drift.map(({ object }) => object));
  const { pending = [], kept = [] } = Object.groupBy(differences, ({ table, item }) =>
    objects.has(driftOfItem(table, item)) ? 'kept' : 'pending',
  );
  return { pending, kept };
}

/** Which drift is there: of a difference that is kept, or an object of what protects the shard now. */
export function presentDrift(
  drift: readonly AcceptedDrift[],
  kept: readonly Difference[],
  items: readonly Pick<FingerprintItem, 'kind' | 'object'>[],
): AcceptedDrift[] {
  const there = new Set([
    ...kept.map(({ table, item }) => driftOfItem(table, item)),
    ...items.map(({ kind, object }) => `${kind} ${object}`),
  ]);
  return drift.filter(({ object }) => there.has(object));
}

/** The same, with the objects of the shard read where a drift is of one. */
export async function findDrift(
  session: SqlSession,
  renderer: PolicyRenderer,
  drift: readonly AcceptedDrift[],
  kept: readonly Difference[],
): Promise<AcceptedDrift[]> {
  const items = drift.some(isOfFingerprint) ? (await readFingerprint(session, renderer)).items : [];
  return presentDrift(drift, kept, items);
}

/** When what is accepted with a drift ends, in milliseconds since 1970; null: with none of it, never. */
export function endOf(present: readonly AcceptedDrift[]): number | null {
  return present.length === 0 ? null : Math.min(...present.map(({ untilMs }) => untilMs));
}
