import { TenantryError } from '../core/errors.ts';
import type { Row, SqlDatabase, SqlSession } from '../core/session.ts';
import { longestOverrideMs, nothingSigned, type ShardSigner, type ShardVerifier, type SignedNumbers } from '../core/shard-signer.ts';
import { signedNumbers } from './acceptance.ts';
import { shardTimeMs } from './shard-time.ts';

/** That tenants are let in for a while, though what protects them was changed and not accepted, and who answers for it. */
export interface Override {
  readonly forMs: number;
  readonly reason: string;
  readonly decidedBy: string;
}

/**
 * Lets tenants into a shard for a while although what protects them is not what was accepted. Until when that is, by the shard's clock,
 * in milliseconds since 1970. `shard` is the database as admin. Throws INVALID_REQUEST where it is longer than a day.
 */
export async function overrideGate(shard: SqlDatabase, signer: ShardSigner, { forMs, reason, decidedBy }: Override): Promise<number> {
  if (!(forMs > 0 && forMs <= longestOverrideMs)) throw new TenantryError('INVALID_REQUEST', 'An override lasts up to 24 hours.');
  const nowMs = await shardTimeMs(shard);
  const untilMs = nowMs + forMs;
  const number = signer.numberAt('overridden', nowMs);
  const signature = signer.sign({ says: 'overridden', number, untilMs });
  await shard.run('policy/override', { number, untilMs, reason, decidedBy, signature });
  return untilMs;
}

/**
 * Ends whatever overrides a shard, and has `outdate` make known the number that is greater than that of every one before: also where none
 * is there, since whoever took it away could put it back. Throws what `outdate` does, with nothing changed.
 */
export async function endOverride(
  shard: SqlDatabase,
  signer: ShardSigner,
  outdate: (latest: SignedNumbers) => Promise<void>,
): Promise<void> {
  const { numbers, nowMs } = await signedNumbers(shard, signer);
  const overridden = Math.max(signer.numberAt('overridden', nowMs), numbers.overridden + 1);
  await outdate({ numbers: { ...nothingSigned, overridden }, nowMs });
  await shard.run('policy/override', { number: null, untilMs: null, reason: null, decidedBy: null, signature: null });
}

/** An override that lets tenants in now. */
export interface OverrideInForce {
  /** By the shard's clock: `2026-01-02T03:04:05.678Z`. */
  readonly until: string;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  /** By a key of the fleet, for a day at most, and none was made since: no connection is opened by any other. */
  readonly isSigned: boolean;
}

/** What is said of it, as sentences without the last end. */
export function describeOverride({ until, reason, decidedBy, isSigned }: OverrideInForce): string {
  const text = `Tenants are let in until ${until} though what protects them was not accepted, by ${decidedBy ?? 'somebody who is not named'}${reason === null ? '' : `: ${reason}`}`;
  return isSigned
    ? text
    : `${text}. The override is signed by no key of the fleet, or was ended or replaced and put back, or is for more than a day: no connection is opened by it, and those that are open go by it`;
}

/** As `policy/get-override` gives it. */
interface GivenOverride extends Pick<OverrideInForce, 'reason' | 'decidedBy'> {
  readonly number: number;
  readonly untilMs: number;
  readonly signature: Uint8Array;
  readonly nowMs: number;
}

/** The override of a shard, as it is now; undefined: there is none. */
export async function findOverride(session: SqlSession, verifier: ShardVerifier): Promise<OverrideInForce | undefined> {
  const { rows } = await session.run<Row & GivenOverride>('policy/get-override');
  const [found] = rows;
  if (found === undefined) return undefined;
  const { number, untilMs, reason, decidedBy, signature, nowMs } = found;
  const isSigned = verifier.check({ says: 'overridden', number, untilMs }, signature, nowMs) === 'signed';
  return { until: new Date(untilMs).toISOString(), reason, decidedBy, isSigned };
}
