import { requireOwnShard } from '../../../shardmap/own-shard.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { Engines } from '../engines.ts';
import { createShardDatabases } from '../shard-databases.ts';

/** The database of a shard as admin, once it is known to be that shard. Throws CONFLICT or SHARD_UNVERIFIED where it is not. */
export async function withShard<T>(
  engines: Engines,
  settings: Settings,
  shard: Shard,
  work: (admin: SqlDatabase) => Promise<T>,
): Promise<T> {
  const databases = createShardDatabases(engines, settings);
  try {
    await requireOwnShard(databases, shard);
    return await work(databases.open(shard));
  } finally {
    await databases.close();
  }
}
