import type { AcceptedDrift } from '../core/accepted-drift.ts';
import type { Row, SqlSession } from '../core/session.ts';
import { acceptanceFormat, type ShardSigner, type ShardStatement, type ShardVerifier } from '../core/shard-signer.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import { endOf, presentDrift } from './accepted-drift.ts';
import type { Difference } from './diff.ts';
import { readFingerprint } from './fingerprint.ts';
import type { LocatedTable } from './model.ts';

/** Who accepts what protects a shard. */
export interface Accepting {
  /** Of this shard. */
  readonly signer: ShardSigner;
  readonly acceptedBy: string;
  /** What may stay as it is, until its time is over. Default: nothing. */
  readonly drift?: readonly AcceptedDrift[];
}

/** What was found to be let be. */
interface Kept {
  /** Drift whose time is not over. */
  readonly drift: readonly AcceptedDrift[];
  readonly kept: readonly Difference[];
}

/**
 * Takes what protects the shard now, as the session's transaction sees it, for what is to be, and opens its gate: for good, or until the time
 * of the drift that is there is over. Throws as `readFingerprint` does.
 */
export async function accept(
  session: SqlSession,
  renderer: PolicyRenderer,
  tables: readonly LocatedTable[],
  { signer, acceptedBy }: Pick<Accepting, 'signer' | 'acceptedBy'>,
  { drift, kept }: Kept,
): Promise<void> {
  await session.run('policy/hold-gate');
  const { fingerprint, items } = await readFingerprint(session, renderer);
  const validUntilMs = endOf(presentDrift(drift, { kept, items, tables }));
  const tenantColumns = new Set(tables.flatMap(({ tenantColumn }) => (tenantColumn === undefined ? [] : [tenantColumn])));
  await session.run('policy/accept', {
    format: acceptanceFormat,
    fingerprint,
    items: JSON.stringify(items),
    tenantColumns: JSON.stringify([...tenantColumns]),
    validUntilMs,
    signature: signer.sign({ says: 'accepted', format: acceptanceFormat, fingerprint, validUntilMs }),
    acceptedBy,
  });
}

/** The fingerprint that was accepted, whoever signed it; undefined where none was. */
export async function acceptedFingerprint(session: SqlSession): Promise<string | undefined> {
  return (await session.run<Row & Signatures>('policy/signatures')).rows[0]?.fingerprint;
}

interface Signatures {
  readonly format: number;
  readonly fingerprint: string;
  readonly validUntilMs: number | null;
  readonly signature: Uint8Array;
  readonly overrideUntilMs: number | null;
  readonly overrideSignature: Uint8Array | null;
}

/**
 * Signs by the current fleet key what is signed on a shard, where it is so by a key that the signer knows; what is signed stays as it is.
 * Whether it was: not where nothing was accepted, or by nobody known, or it was changed meanwhile.
 */
export async function signAgain(session: SqlSession, signer: ShardSigner): Promise<boolean> {
  const [found] = (await session.run<Row & Signatures>('policy/signatures')).rows;
  if (found === undefined) return false;
  const { format, fingerprint, validUntilMs, signature: seen, overrideUntilMs, overrideSignature: overrideSeen } = found;
  const accepted: ShardStatement = { says: 'accepted', format, fingerprint, validUntilMs };
  if (!signer.isSigned(accepted, seen)) return false;
  const overridden: ShardStatement | undefined = overrideUntilMs === null ? undefined : { says: 'overridden', untilMs: overrideUntilMs };
  const isOverride = overridden !== undefined && overrideSeen !== null && signer.isSigned(overridden, overrideSeen);
  const { rows } = await session.run('policy/sign-again', {
    seen,
    signature: signer.sign(accepted),
    overrideSeen: isOverride ? overrideSeen : null,
    overrideSignature: isOverride ? signer.sign(overridden) : null,
  });
  return rows.length > 0;
}

/** Whether all that is signed on a shard is so by a key that the verifier knows; not where nothing was accepted. */
export async function isSignedBy(session: SqlSession, verifier: ShardVerifier): Promise<boolean> {
  const [found] = (await session.run<Row & Signatures>('policy/signatures')).rows;
  if (found === undefined) return false;
  const { format, fingerprint, validUntilMs, signature, overrideUntilMs, overrideSignature } = found;
  if (!verifier.isSigned({ says: 'accepted', format, fingerprint, validUntilMs }, signature)) return false;
  if (overrideUntilMs === null || overrideSignature === null) return true;
  return verifier.isSigned({ says: 'overridden', untilMs: overrideUntilMs }, overrideSignature);
}
