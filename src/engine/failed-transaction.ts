import { TenantryError } from '../core/errors.ts';

/** What a COMMIT is told that finds its transaction ended by an error: nothing of it stays. */
export function failedTransaction(): TenantryError {
  return new TenantryError('STATEMENT_FAILED', 'The transaction had failed before its end and was rolled back.');
}
