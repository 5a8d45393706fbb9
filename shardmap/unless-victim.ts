import pRetry from 'p-retry';
import { TenantryError } from '../src/core/errors.ts';

/** A transaction may meet another one anew each time; so many in a row are no accident any more. */
const repeats = 5;
const firstPauseMs = 5;

/**
 * Work in a database that is begun again where the server gave it up to end a deadlock: it has rolled all of it back. `work` is one
 * transaction, or one statement outside of any. Where reads take locks, as on SQL Server without row versions, a read may be given up too.
 */
export function unlessVictim<T>(work: () => Promise<T>): Promise<T> {
  return pRetry(work, {
    retries: repeats,
    minTimeout: firstPauseMs,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof TenantryError && error.code === 'SERIALIZATION_FAILURE' && error.outcome === 'not-run',
  });
}
