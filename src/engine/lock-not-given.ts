import { TenantryError } from '../core/errors.ts';
import type { SqlFailure } from './sql-failure.ts';

/** What the program's own work is told that waited for another transaction as long as it may. Nothing of it stays. */
export function lockNotGiven(cause: SqlFailure): TenantryError {
  const detail = `Another transaction holds what this needs, and went on for too long (${cause.message}): it may be one of a program that stands still.`;
  return new TenantryError('TIMEOUT', detail, { cause });
}
