import type { Settings } from '../config.ts';
import type { Accepting } from '../policy/acceptance.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import type { Shard } from '../../shardmap/shard.ts';

/** Who accepts what protects a shard: whoever holds the fleet key, by the name that is given. */
export function acceptingOn(
  { fleetKey }: Pick<Settings, 'fleetKey'>,
  { shardId }: Pick<Shard, 'shardId'>,
  acceptedBy = 'tenantry',
): Accepting {
  return { signer: createShardSigner(fleetKey, shardId), acceptedBy };
}
