import type { Finding } from '../../cli/services.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { describeOverride, findOverride } from '../../policy/override.ts';
import { signerOfShard } from '../../../shardmap/shard-signer.ts';
import { warning } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** That tenants are let in though what protects them was not accepted: until when, by whom and why. */
export async function diagnoseOverride({ settings, shard }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const found = await findOverride(admin, signerOfShard(settings.fleetKey, shard));
  if (found === undefined) return [];
  return [warning(`shard ${shard.name}`, describeOverride(found), { remedy: `tenantry policy override --shard ${shard.name} --end` })];
}
