import type { Settings } from '../config.ts';
import type { OpenOptions } from '../engine/engine.ts';

/** How long the program's own work on a shard waits: for a connection, an answer and a lock. */
export function adminBounds({
  connectTimeoutMs,
  adminStatementTimeoutMs: statementTimeoutMs,
  adminLockTimeoutMs: lockTimeoutMs,
}: Settings['limits']): Pick<OpenOptions, 'connectTimeoutMs' | 'statementTimeoutMs' | 'lockTimeoutMs'> {
  return { connectTimeoutMs, statementTimeoutMs, lockTimeoutMs };
}
