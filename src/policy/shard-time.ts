import { TenantryError } from '../core/errors.ts';
import type { SqlSession } from '../core/session.ts';

/** The time by a shard's own clock, in milliseconds since 1970. */
export async function shardTimeMs(session: Pick<SqlSession, 'run'>): Promise<number> {
  const [clock] = (await session.run<{ timeMs: number }>('doctor/clock')).rows;
  if (clock === undefined) throw new TenantryError('INTERNAL', 'doctor/clock gave no row.');
  return clock.timeMs;
}
