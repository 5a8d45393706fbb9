import { TenantryError, type ErrorCode } from '../core/errors.ts';

/** What a new connection that was not let through can be told as: these codes speak of the server, its database and the way there. */
const ofServers: ReadonlySet<ErrorCode> = new Set([
  'SHARD_UNAVAILABLE',
  'SHARD_UNVERIFIED',
  'OVERLOADED',
  'INVALID_CONFIGURATION',
  'INTERNAL',
]);
/** Of the others, these go by themselves: a lock that was not given in time, a deadlock. */
const passing: ReadonlySet<ErrorCode> = new Set(['TIMEOUT', 'CANCELLED', 'SERIALIZATION_FAILURE']);

/**
 * Why a connection could not be opened. Nothing of a tenant's has been sent by then, whatever is known of the checks; nor has
 * anybody asked for anything that could be forbidden to him, or be his mistake.
 */
export function connectFailure(error: unknown, gaveUp: boolean): unknown {
  if (gaveUp) return new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.', { cause: error });
  if (!(error instanceof TenantryError)) return error;
  const { code, detail, reason, cause, retryAfterMs } = error;
  const particulars = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (ofServers.has(code)) return error.outcome === 'not-run' ? error : new TenantryError(code, detail, particulars);
  return new TenantryError(
    passing.has(code) ? 'SHARD_UNAVAILABLE' : 'SHARD_UNVERIFIED',
    `What a new connection is asked had no answer: ${reason}`,
    particulars,
  );
}
