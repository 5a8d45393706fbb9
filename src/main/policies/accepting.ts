import type { Settings } from '../../config.ts';
import type { Accepting } from '../../policy/acceptance.ts';
import { signerOfShard } from '../../../shardmap/shard-signer.ts';
import type { Shard } from '../../../shardmap/shard.ts';

/** Who accepts what protects a shard: whoever holds the fleet key, by the name that is given. */
export function acceptingOn(
  { fleetKey, drift }: Pick<Settings, 'fleetKey' | 'drift'>,
  shard: Pick<Shard, 'shardId' | 'name' | 'acceptedNumber' | 'overrideNumber'>,
  acceptedBy = 'tenantry',
): Accepting {
  return { shardId: shard.shardId, signer: signerOfShard(fleetKey, shard), acceptedBy, drift: driftOn(drift, shard.name) };
}

/** What may stay as it is on a shard, whether its time is over or not. */
function driftOn(drift: Settings['drift'], shard: string): Settings['drift'] {
  return drift.filter(({ shards }) => shards === '*' || shards.includes(shard));
}
