import { TenantryError, type ErrorCode } from '../core/errors.ts';
import { EntryRefused } from './entry.ts';

/** The server is away, or somebody else has what the statement needs. */
const sayNothing: ReadonlySet<ErrorCode> = new Set(['SHARD_UNAVAILABLE', 'OVERLOADED', 'TIMEOUT', 'SERIALIZATION_FAILURE']);

/** What a statement of a rehearsal was refused with. Throws what says nothing of the statement. */
export function refusalOf(error: unknown): TenantryError {
  if (error instanceof EntryRefused)
    throw new TenantryError('INTERNAL', `A tenant of a rehearsal was not let in: ${error.refusal.reason}.`, { cause: error });
  if (!(error instanceof TenantryError) || sayNothing.has(error.code)) throw error;
  return error;
}
