import type { SqlSession } from '../core/session.ts';

/** How long another change is waited for. */
const lockTimeoutMs = 5_000;

/**
 * Keeps other changes of a shard's schema and policies out until the transaction ends; `alone`: also whatever else its triggers would judge.
 * Throws TIMEOUT where one goes on too long.
 */
export async function lockPolicies(session: SqlSession, { alone = false } = {}): Promise<void> {
  await session.run('policy/lock', { lockTimeoutMs, alone });
}
