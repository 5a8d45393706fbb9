import type { Finding } from '../../cli/services.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { findOverride } from '../../policy/override.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';
import { warning } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** That tenants are let in whatever protects them: until when, by whom and why. */
export async function diagnoseOverride({ settings, shard }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const found = await findOverride(admin, createShardSigner(settings.fleetKey, shard.shardId));
  if (found === undefined) return [];
  const { until, decidedBy, reason, isSigned } = found;
  const text = `Tenants are let in until ${until} whatever protects them, by ${decidedBy}: ${reason}`;
  const unsigned = 'The override is signed by no key of the fleet: no connection is opened by it, and those that are open go by it.';
  return [warning(`shard ${shard.name}`, isSigned ? text : `${text}. ${unsigned}`, `tenantry policy override --shard ${shard.name} --end`)];
}
