import type { AcceptedDrift } from '../core/accepted-drift.ts';
import type { Row, SqlSession } from '../core/session.ts';
import {
  acceptanceFormat,
  nothingSigned,
  type NumberedShardStatement,
  type SignedNumbers,
  type ShardSigner,
  type ShardVerifier,
} from '../core/shard-signer.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import { endOf, presentDrift } from './accepted-drift.ts';
import type { Difference } from './diff.ts';
import { readFingerprint, type Fingerprint } from './fingerprint.ts';
import type { LocatedTable } from './model.ts';
import { LocalMap } from '../../shardmap/local-map.ts';
import { inUseElsewhere } from '../../shardmap/own-shard.ts';
import { shardTimeMs } from './shard-time.ts';

/** Who accepts what protects a shard. */
export interface Accepting {
  readonly shardId: string;
  /** Of this shard. */
  readonly signer: ShardSigner;
  readonly acceptedBy: string;
  /** What may stay as it is, until its time is over. Default: nothing. */
  readonly drift?: readonly AcceptedDrift[];
}

/** What was found to be let be. */
interface Kept {
  /** By the shard's clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** Drift whose time is not over. */
  readonly drift: readonly AcceptedDrift[];
  readonly kept: readonly Difference[];
  /** Looks at what is about to be accepted, while nobody else judges or accepts; what it throws keeps it from that. */
  readonly permit: (items: Fingerprint['items']) => Promise<void>;
}

/**
 * Takes what protects the shard now, as the session's transaction sees it, for what is to be, and opens its gate: for good, or until the
 * time of the drift that is there is over. Throws as `permit` and `readFingerprint` do, and CONFLICT where the database is another shard.
 */
export async function accept(
  session: SqlSession,
  renderer: PolicyRenderer,
  tables: readonly LocatedTable[],
  { shardId, signer, acceptedBy }: Omit<Accepting, 'drift'>,
  { nowMs, drift, kept, permit }: Kept,
): Promise<void> {
  await session.run('policy/hold-gate');
  const identity = (await new LocalMap(session).description())?.identity;
  if (identity !== undefined && identity.shardId !== shardId) throw inUseElsewhere('database', identity);
  const { fingerprint, items } = await readFingerprint(session, renderer);
  await permit(items);
  const validUntilMs = endOf(presentDrift(renderer, drift, { kept, items, tables }));
  const number = signer.numberAt('accepted', nowMs);
  const tenantColumns = new Set(tables.flatMap(({ tenantColumn }) => (tenantColumn === undefined ? [] : [tenantColumn])));
  await session.run('policy/accept', {
    format: acceptanceFormat,
    number,
    fingerprint,
    items: JSON.stringify(items),
    tenantColumns: JSON.stringify([...tenantColumns]),
    validUntilMs,
    signature: signer.sign({ says: 'accepted', format: acceptanceFormat, number, fingerprint, validUntilMs }),
    acceptedBy,
  });
}

/** The fingerprint that was accepted, whoever signed it; undefined where none was. */
export async function acceptedFingerprint(session: SqlSession): Promise<string | undefined> {
  return (await signaturesOf(session))?.fingerprint;
}

interface Signatures {
  readonly format: number;
  readonly number: number;
  readonly fingerprint: string;
  readonly validUntilMs: number | null;
  readonly signature: Uint8Array;
  /** This and the next two are null where nobody overrides it. */
  readonly overrideNumber: number | null;
  readonly overrideUntilMs: number | null;
  readonly overrideSignature: Uint8Array | null;
  /** By the shard's clock. */
  readonly nowMs: number;
}

/** What is said of a shard, and what it is signed with. */
interface Signed {
  readonly statement: NumberedShardStatement;
  readonly signature: Uint8Array;
}

function acceptedIn({ format, number, fingerprint, validUntilMs, signature }: Signatures): Signed {
  return { statement: { says: 'accepted', format, number, fingerprint, validUntilMs }, signature };
}

function overriddenIn({ overrideNumber: number, overrideUntilMs: untilMs, overrideSignature: signature }: Signatures): Signed | undefined {
  if (number === null || untilMs === null || signature === null) return undefined;
  return { statement: { says: 'overridden', number, untilMs }, signature };
}

async function signaturesOf(session: SqlSession): Promise<Signatures | undefined> {
  return (await session.run<Row & Signatures>('policy/signatures')).rows[0];
}

/** Numbers of what is signed on a shard by a key that the verifier knows, outdated or not; 0: nothing is that could be made. */
export async function signedNumbers(session: SqlSession, verifier: ShardVerifier): Promise<SignedNumbers> {
  const found = await signaturesOf(session);
  if (found === undefined) return { numbers: nothingSigned, nowMs: await shardTimeMs(session) };
  const { nowMs } = found;
  const numberOf = (signed: Signed | undefined): number =>
    signed !== undefined && isMade(verifier, signed, nowMs) ? signed.statement.number : 0;
  return { numbers: { accepted: numberOf(acceptedIn(found)), overridden: numberOf(overriddenIn(found)) }, nowMs };
}

/**
 * Signs by the current fleet key what is signed on a shard, where it is so by a key that the signer knows; what is signed stays as it is.
 * What could not be made, as a leaked key signs it, is left. Whether what was accepted was signed: not where nothing was, or by nobody
 * known, or it was changed meanwhile.
 */
export async function signAgain(session: SqlSession, signer: ShardSigner): Promise<boolean> {
  const found = await signaturesOf(session);
  if (found === undefined) return false;
  const accepted = acceptedIn(found);
  if (!isMade(signer, accepted, found.nowMs)) return false;
  const overridden = overriddenIn(found);
  const known = overridden !== undefined && isMade(signer, overridden, found.nowMs) ? overridden : undefined;
  const { rows } = await session.run('policy/sign-again', {
    seen: accepted.signature,
    signature: signer.sign(accepted.statement),
    overrideSeen: known?.signature ?? null,
    overrideSignature: known === undefined ? null : signer.sign(known.statement),
  });
  return rows.length > 0;
}

/** Whether all that is signed on a shard is so by a key that the signer knows; not where nothing was accepted. */
export async function isSignedBy(session: SqlSession, signer: ShardSigner): Promise<boolean> {
  const found = await signaturesOf(session);
  if (found === undefined) return false;
  return [acceptedIn(found), overriddenIn(found)].every(
    (signed) => signed === undefined || signer.isSigned(signed.statement, signed.signature),
  );
}

/** Outdated or not. */
function isMade(verifier: ShardVerifier, { statement, signature }: Signed, nowMs: number): boolean {
  return ['signed', 'outdated'].includes(verifier.check(statement, signature, nowMs));
}
