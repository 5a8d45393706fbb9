import type { SqlSession } from '../core/session.ts';
import { verifyProtection, type Verified } from '../engine/verification.ts';
import type { Accepting } from './acceptance.ts';
import { endOf, findDrift, type DriftComparison } from './accepted-drift.ts';
import { compare, type Comparison } from './diff.ts';
import type { ShardTables } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';

/** How a shard stands to the configuration, and to what was accepted of it. */
export interface ShardComparison extends Comparison, Pick<Verified, 'fingerprint' | 'objection' | 'differing' | 'nowMs'> {
  /** What it lets be is not among `pending`. */
  readonly drift: DriftComparison;
  /** Where all is as it was accepted, until when that is and until when it is to be; undefined: the same. */
  readonly renewal: { readonly untilMs: number | null; readonly wantedMs: number | null } | undefined;
}

/** Compares what protects a shard's tables with what must, and all that protects its tenants with what was accepted. */
export async function compareShard(
  session: SqlSession,
  { renderer }: PolicyEngine,
  tables: ShardTables,
  { signer, drift: configured = [] }: Accepting,
): Promise<ShardComparison> {
  const found = await compare(session, renderer, tables);
  const protection = await verifyProtection(session, renderer.fingerprintFunction(), signer);
  const { fingerprint, objection, differing, validUntilMs, nowMs } = protection;
  const compared = { differences: found.pending, tables: tables.tables, nowMs };
  const { pending, drift } = await findDrift(session, renderer, configured, compared);
  const wantedMs = endOf(drift.present);
  const renewal = objection !== undefined || wantedMs === validUntilMs ? undefined : { untilMs: validUntilMs, wantedMs };
  return { ...found, pending, drift, fingerprint, objection, differing, nowMs, renewal };
}

/** Whether nothing is to be set, accepted, or accepted for another time. */
export function isAsItMustBe({ pending, objection, renewal }: ShardComparison): boolean {
  return pending.length === 0 && objection === undefined && renewal === undefined;
}
