import type { Finding } from '../../cli/services.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { isOfItsTime } from '../../core/shard-signer.ts';
import { signedOn } from '../policies/signed-on.ts';
import { warning } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** Whether the catalog knows what was signed last on the shard: what is older could be put back there, and processes that start would believe it. */
export async function diagnoseNumbers({ settings, shard, now }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const { name } = shard;
  const { numbers, nowMs } = await signedOn(admin, settings, shard);
  // One that could not be made by now, by either clock, is what the catalog is to forget.
  const latestMs = Math.max(nowMs, now().getTime());
  const isKnown = (number: number, known = 0): boolean => number === 0 || (number <= known && isOfItsTime(known, latestMs));
  if (isKnown(numbers.accepted, shard.acceptedNumber) && isKnown(numbers.overridden, shard.overrideNumber)) return [];
  const text = 'The catalog does not know what was signed last of its protection, so that what is older could be put back unseen.';
  return [warning(`shard ${name}`, text, { remedy: `tenantry policy verify --shard ${name}` })];
}
