import { TenantryError } from '../core/errors.ts';
import type { Row, SqlSession } from '../core/session.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';

/** One object that has a part in what app can see or do on a shard. */
export interface FingerprintItem {
  readonly kind: string;
  readonly object: string;
  readonly digest: string;
}

/** Everything that decides what app can see or do on a shard, as it is now. */
export interface Fingerprint {
  /** Of all items, in hex. */
  readonly fingerprint: string;
  readonly items: readonly FingerprintItem[];
}

/** Reads it. Throws CONFLICT where the shard's function that tells it is not this program's: what it tells is then worth nothing. */
export async function readFingerprint(
  session: SqlSession,
  { fingerprintFunction }: Pick<PolicyRenderer, 'fingerprintFunction'>,
): Promise<Fingerprint> {
  const { rows } = await session.run<Row & Fingerprint & { functionDigest: string | null }>('policy/fingerprint');
  const [found] = rows;
  if (found === undefined) throw new TenantryError('INTERNAL', 'policy/fingerprint gave no row.');
  if (found.functionDigest !== fingerprintFunction())
    throw new TenantryError(
      'CONFLICT',
      "The function fingerprint_items of the shard is not this program's: put it back as sql/<engine>/schema/shard/060-fingerprint.sql has it, and find out who replaced it.",
    );
  const { fingerprint, items } = found;
  return { fingerprint, items };
}
