import type { SqlSession } from '../core/session.ts';

/** How long another change is waited for. */
const lockTimeoutMs = 5_000;

/** Keeps other changes of a shard's schema and policies out until the transaction ends. Throws TIMEOUT where one goes on too long. */
export async function lockPolicies(session: SqlSession): Promise<void> {
  await session.run('policy/lock', { lockTimeoutMs });
}
