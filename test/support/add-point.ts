import type { SqlSession } from '../../src/core/session.ts';
import type { Entry } from '../../src/engine/entry.ts';

/** Gives a shard's local map the mapping of one key, by which an entry is admitted where it is online. `admin` is the shard as admin. */
export async function addPoint(admin: SqlSession, { mappingId, key, epoch, token }: Entry, state = 'ONLINE'): Promise<void> {
  await admin.run('local-map/add-mapping', { mappingId, kind: 'point', low: key, high: null, state, epoch, token });
}
