import type { Shard } from '../../shardmap/shard.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import type { KeepsNumbers } from '../cli/services.ts';
import type { Settings } from '../config.ts';
import type { SqlSession } from '../core/session.ts';
import { signedNumbers } from '../policy/acceptance.ts';

/** Has the catalog know what is signed on a shard by a key of the fleet, so that nothing older is believed there. */
export async function tellLatest(admin: SqlSession, { fleetKey }: Settings, { shardId }: Shard, numbers: KeepsNumbers): Promise<void> {
  await numbers.note(shardId, await signedNumbers(admin, createShardSigner(fleetKey, shardId)));
}
