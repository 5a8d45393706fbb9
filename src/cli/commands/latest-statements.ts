import type { Shard } from '../../../shardmap/shard.ts';
import type { Verdicts } from '../../../shardmap/verdicts.ts';
import type { Settings } from '../../config.ts';
import type { LatestNumbers } from '../../core/shard-signer.ts';
import type { ShardPolicies } from '../services.ts';

/** Has the catalog know what is signed on a shard, so that nothing older is believed there. Throws what a shard or the catalog out of reach does. */
export async function noteLatest(
  verdicts: Pick<Verdicts, 'noteLatest'>,
  policies: Pick<ShardPolicies, 'signing'>,
  settings: Settings,
  shard: Shard,
): Promise<void> {
  await verdicts.noteLatest(shard.shardId, await latestOn(policies, settings, shard));
}

/** Has the override of a shard, where it has one, be older than another: put back, it lets nobody in. */
export async function endLatestOverride(
  verdicts: Pick<Verdicts, 'noteLatest'>,
  policies: Pick<ShardPolicies, 'signing'>,
  settings: Settings,
  shard: Shard,
): Promise<void> {
  const { accepted, overridden } = await latestOn(policies, settings, shard);
  if (overridden > 0) await verdicts.noteLatest(shard.shardId, { accepted, overridden: overridden + 1 });
}

function latestOn(policies: Pick<ShardPolicies, 'signing'>, settings: Settings, shard: Shard): Promise<LatestNumbers> {
  return policies.signing(settings, shard, (signing) => signing.latest());
}
