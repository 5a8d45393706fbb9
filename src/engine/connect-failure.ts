import { TenantryError } from '../core/errors.ts';

/** Why a connection could not be opened. Nothing of a tenant's has been sent by then, whatever is known of the checks. */
export function connectFailure(error: unknown, gaveUp: boolean): unknown {
  if (gaveUp) return new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.', { cause: error });
  if (!(error instanceof TenantryError) || error.outcome === 'not-run') return error;
  return new TenantryError(error.code, error.detail, { cause: error.cause });
}
