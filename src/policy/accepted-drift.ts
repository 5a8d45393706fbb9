import { driftOfItem, isOfFingerprint, type AcceptedDrift } from '../core/accepted-drift.ts';
import { TenantryError } from '../core/errors.ts';
import type { SqlSession } from '../core/session.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { FingerprintObject, PolicyRenderer } from '../engine/policy-renderer.ts';
import type { Difference } from './diff.ts';
import { readFingerprint } from './fingerprint.ts';
import type { LocatedTable } from './model.ts';

/** The drift that the configuration accepts on a shard, beside what is there. Times are by the shard's clock. */
export interface DriftComparison {
  /** Whose time is not over. */
  readonly inForce: readonly AcceptedDrift[];
  /** What of that is there. */
  readonly present: readonly AcceptedDrift[];
  /** Whose time is over, and whose object is there: nothing is accepted with it. */
  readonly outlived: readonly AcceptedDrift[];
  /** Differences that stay as they are for a while. */
  readonly kept: readonly Difference[];
}

/** Finds what of the configured drift is there, and which differences are left to change. */
export async function findDrift(
  session: SqlSession,
  renderer: PolicyRenderer,
  configured: readonly AcceptedDrift[],
  { differences, tables, nowMs }: { readonly differences: readonly Difference[]; readonly nowMs: number } & Pick<Present, 'tables'>,
): Promise<{ readonly pending: readonly Difference[]; readonly drift: DriftComparison }> {
  const { inForce, over } = driftAt(nowMs, configured);
  const { pending, kept } = sortDifferences(differences, inForce);
  const items = configured.some(isOfFingerprint) ? (await readFingerprint(session, renderer)).items : [];
  const present = presentDrift(renderer, inForce, { kept, items, tables });
  // An item of a configured table is set back.
  const outlived = presentDrift(renderer, over, { kept: [], items, tables });
  return { pending, drift: { inForce, present, outlived, kept } };
}

/** Sorts differences by whether one is accepted. */
export function sortDifferences(
  differences: readonly Difference[],
  drift: readonly AcceptedDrift[],
): { readonly pending: readonly Difference[]; readonly kept: readonly Difference[] } {
  const objects = new Set(drift.map(({ object }) => object));
  const { pending = [], kept = [] } = Object.groupBy(differences, ({ object, item }) =>
    objects.has(driftOfItem(object, item)) ? 'kept' : 'pending',
  );
  return { pending, kept };
}

/** What may be there of what protects a shard. */
interface Present {
  /** Differences that stay as they are. */
  readonly kept: readonly Difference[];
  /** Of the fingerprint. */
  readonly items: readonly FingerprintObject[];
  /** What is configured, which is always there: its items alone may differ. */
  readonly tables: readonly Pick<LocatedTable, 'schema' | 'table'>[];
}

/** Which drift is there: of a difference that is kept, or an object that is there besides what is configured. */
export function presentDrift(
  { tableOf }: Pick<PolicyRenderer, 'tableOf'>,
  drift: readonly AcceptedDrift[],
  { kept, items, tables }: Present,
): AcceptedDrift[] {
  const configured = new Set(tables.map(nameOf));
  const there = new Set([
    ...kept.map(({ object, item }) => driftOfItem(object, item)),
    ...items.filter((item) => !configured.has(tableOf(item))).map(({ kind, object }) => `${kind} ${object}`),
  ]);
  return drift.filter(({ object }) => there.has(object));
}

/** Drift by whether its time is over, by the shard's clock. */
function driftAt(
  nowMs: number,
  drift: readonly AcceptedDrift[],
): { readonly inForce: readonly AcceptedDrift[]; readonly over: readonly AcceptedDrift[] } {
  const { inForce = [], over = [] } = Object.groupBy(drift, ({ untilMs }) => (untilMs > nowMs ? 'inForce' : 'over'));
  return { inForce, over };
}

/**
 * Throws CONFLICT where objects are there for which the time is over: whatever is accepted now would be so for good, and nothing that is
 * set takes them away.
 */
export function refuseOutlived(outlived: readonly AcceptedDrift[]): void {
  if (outlived.length === 0) return;
  const list = outlived.map(({ object, untilMs, reason }) => `${object}, until ${new Date(untilMs).toISOString()}: ${reason}`);
  throw new TenantryError(
    'CONFLICT',
    `The time is over for which these were accepted, and they are still there; nothing was changed:\n- ${list.join('\n- ')}\n` +
      'Take each away, or renew its entry in `drift`, or delete the entry to have the object accepted for good.',
  );
}

/** When what is accepted with a drift ends, in milliseconds since 1970; null: with none of it, never. */
export function endOf(present: readonly AcceptedDrift[]): number | null {
  return present.length === 0 ? null : Math.min(...present.map(({ untilMs }) => untilMs));
}
