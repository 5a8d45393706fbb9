import type { Shard } from '../../../shardmap/shard.ts';
import type { KeepsNumbers } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import type { SqlSession } from '../../core/session.ts';
import { signedOn } from './signed-on.ts';

/** Has the catalog know what is signed on a shard by a key of the fleet, so that nothing older is believed there. */
export async function tellLatest(admin: SqlSession, settings: Settings, shard: Shard, numbers: KeepsNumbers): Promise<void> {
  await numbers.note(shard.shardId, await signedOn(admin, settings, shard));
}
