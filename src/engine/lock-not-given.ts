import { TenantryError } from '../core/errors.ts';
import type { SqlFailure } from './sql-failure.ts';

/** That work waited for what others hold as long as it may: TIMEOUT, as of a statement that took too long by itself, which this is not. */
export class LockNotGiven extends TenantryError {
  constructor(detail: string, cause?: SqlFailure) {
    super('TIMEOUT', detail, { cause });
  }
}

/** What the program's own work is told that waited for another transaction as long as it may. Nothing of it stays. */
export function lockNotGiven(cause: SqlFailure): LockNotGiven {
  const detail = `Another transaction holds what this needs, and went on for too long (${cause.message}): it may be one of a program that stands still.`;
  return new LockNotGiven(detail, cause);
}
