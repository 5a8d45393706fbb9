import { acceptanceFormat, type ShardVerifier } from '../core/shard-signer.ts';
import { TenantryError } from '../core/errors.ts';
import type { Row, SqlSession } from '../core/session.ts';
import { visible } from '../core/visible.ts';
import { SqlFailure } from './sql-failure.ts';

/** An object that does not protect a shard as it did when that was accepted. */
export interface DifferingObject {
  /** `policy`, `rights`, `function`. */
  readonly kind: string;
  /** `public."Blogs" tenantry_tenant`. */
  readonly object: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/** How what protects a shard stands to what was accepted (`policy/verification`). Times are milliseconds since 1970, by the shard's clock. */
interface Verification {
  readonly fingerprint: string;
  /** Of the function that told it; null where there is none. */
  readonly functionDigest: string | null;
  /** This and the next four are null where nothing was accepted yet. */
  readonly format: number | null;
  readonly number: number | null;
  readonly accepted: string | null;
  /** Also null: for good. */
  readonly validUntilMs: number | null;
  readonly signature: Uint8Array | null;
  readonly isOpen: boolean;
  /** The end of the gate's own; null: it has none. */
  readonly openUntilMs: number | null;
  /** This and the next two are null where nobody overrides it. */
  readonly overrideNumber: number | null;
  readonly overrideUntilMs: number | null;
  readonly overrideSignature: Uint8Array | null;
  readonly nowMs: number;
  readonly differing: readonly DifferingObject[];
  /** Changes of definitions, of transactions that have ended, of which nobody said what they came to. */
  readonly unjudged: number;
}

/** What a shard was found to be protected by, and what is said against it. */
export interface Verified {
  /** Of all that decides what app can see or do, as the shard tells it; worth nothing where `objection` is to the function that tells it. */
  readonly fingerprint: string;
  /** Why it may serve no tenants as it is, as one sentence without its end; undefined: it may. */
  readonly objection: string | undefined;
  /** Tenants are let in until then in spite of it, as somebody decided. */
  readonly overriddenUntilMs: number | undefined;
  /** Whether an override lets tenants in that nobody signed, or that was ended, or is for longer than one may be: connections that are open go by it all the same. */
  readonly isOverriddenByNobody: boolean;
  /** What is not as it was accepted; nothing where nothing was, or not by the fleet. */
  readonly differing: readonly DifferingObject[];
  /** Until when what was accepted is; null: for good, or nothing was. Milliseconds since 1970, as the time of the shard's clock. */
  readonly validUntilMs: number | null;
  readonly nowMs: number;
}

/** Names of objects in one message. */
const mostNames = 12;

/**
 * Compares what protects the shard of the session with what was accepted, and looks who accepted it. Throws SHARD_UNVERIFIED where the
 * shard cannot tell.
 */
export async function verifyProtection(session: SqlSession, fingerprintFunction: string, signer: ShardVerifier): Promise<Verified> {
  const found = await look(session);
  const { overrideNumber: number, overrideUntilMs: untilMs, overrideSignature, nowMs } = found;
  const isInForce = untilMs !== null && untilMs > nowMs;
  const isOverridden =
    isInForce &&
    number !== null &&
    overrideSignature !== null &&
    signer.check({ says: 'overridden', number, untilMs }, overrideSignature, nowMs) === 'signed';
  const { fingerprint, validUntilMs } = found;
  return {
    fingerprint,
    ...objectionTo(found, fingerprintFunction, signer),
    overriddenUntilMs: isOverridden ? untilMs : undefined,
    isOverriddenByNobody: isInForce && !isOverridden,
    validUntilMs,
    nowMs,
  };
}

async function look(session: SqlSession): Promise<Verification> {
  const cannotTell = 'The shard does not tell what protects its tenants: its schema is not that of this program, or was changed.';
  try {
    const [row] = (await session.run<Row & GivenVerification>('policy/verification')).rows;
    if (row !== undefined) return withNumbers(row);
  } catch (cause) {
    const isAnswer = cause instanceof TenantryError && (cause.code === 'STATEMENT_FAILED' || cause.code === 'FORBIDDEN');
    if (!isAnswer || !(cause.cause instanceof SqlFailure)) throw cause;
    throw new TenantryError('SHARD_UNVERIFIED', cannotTell, { cause });
  }
  throw new TenantryError('SHARD_UNVERIFIED', cannotTell);
}

type Numeric = 'number' | 'validUntilMs' | 'openUntilMs' | 'overrideNumber' | 'overrideUntilMs';

/** The same as a connection gives it: one for tenants gives 64-bit integers as texts. */
type GivenVerification = Omit<Verification, Numeric | 'nowMs'> &
  Readonly<Record<Numeric, number | string | null>> & { readonly nowMs: number | string };

/** Beyond 2^53 they are nothing that was signed. */
function withNumbers(row: GivenVerification): Verification {
  const { number, validUntilMs, openUntilMs, overrideNumber, overrideUntilMs, nowMs } = row;
  const numeric = (value: number | string | null): number | null => (value === null ? null : Number(value));
  return {
    ...row,
    number: numeric(number),
    validUntilMs: numeric(validUntilMs),
    openUntilMs: numeric(openUntilMs),
    overrideNumber: numeric(overrideNumber),
    overrideUntilMs: numeric(overrideUntilMs),
    nowMs: Number(nowMs),
  };
}

function objectionTo(found: Verification, fingerprintFunction: string, signer: ShardVerifier): Pick<Verified, 'objection' | 'differing'> {
  const objection = objectionToAcceptance(found, fingerprintFunction, signer);
  if (objection !== undefined) return { objection, differing: [] };
  const { accepted, fingerprint, differing } = found;
  if (accepted !== fingerprint)
    return { objection: `what protects its tenants was changed and not accepted: ${named(differing)}`, differing };
  return { objection: objectionToGate(found), differing: [] };
}

function objectionToGate({ isOpen, openUntilMs, validUntilMs, unjudged }: Verification): string | undefined {
  if (!isOpen) return 'its gate is closed, although what protects its tenants is as it was accepted';
  if (openUntilMs !== validUntilMs) return 'its gate ends at another time than what was accepted';
  return unjudged === 0
    ? undefined
    : 'definitions were changed past what judges each change, although what protects its tenants is as it was accepted';
}

function objectionToAcceptance(found: Verification, fingerprintFunction: string, signer: ShardVerifier): string | undefined {
  const { format, number, accepted, validUntilMs, signature } = found;
  if (found.functionDigest !== fingerprintFunction)
    return "the function by which a shard tells what protects its tenants is not this program's";
  if (format === null || number === null || accepted === null || signature === null)
    return 'what protects its tenants was not accepted yet';
  const unknown = 'what protects its tenants was accepted by another program, for another shard or by another fleet key';
  if (format !== acceptanceFormat) return unknown;
  const checked = signer.check({ says: 'accepted', format, number, fingerprint: accepted, validUntilMs }, signature, found.nowMs);
  if (checked === 'unsigned') return unknown;
  if (checked === 'unbelievable') return 'what protects its tenants was accepted with the number of a time that is more than a day to come';
  if (checked === 'outdated') return 'an older acceptance was put back in place of the last one';
  return validUntilMs !== null && validUntilMs <= found.nowMs
    ? 'the time for which what protects its tenants was accepted is over'
    : undefined;
}

function named(differing: readonly DifferingObject[]): string {
  const names = differing.slice(0, mostNames).map(({ kind, object, change }) => visible(`${kind} ${object} (${change})`));
  const left = differing.length - names.length;
  return `${names.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
