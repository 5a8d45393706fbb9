import type { Shard } from '../../../shardmap/shard.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';
import type { Settings } from '../../config.ts';
import type { SqlSession } from '../../core/session.ts';
import type { SignedNumbers } from '../../core/shard-signer.ts';
import { signedNumbers } from '../../policy/acceptance.ts';

/** What is signed on a shard by a key of the fleet, whatever the process knew of it. */
export function signedOn(
  admin: SqlSession,
  { fleetKey }: Pick<Settings, 'fleetKey'>,
  { shardId }: Pick<Shard, 'shardId'>,
): Promise<SignedNumbers> {
  return signedNumbers(admin, createShardSigner(fleetKey, shardId));
}
