import { TenantryError, type ErrorCode } from '../core/errors.ts';
import type { Row, SqlSession } from '../core/session.ts';
import type { Sql } from '../core/sql.ts';
import { EntryRefused } from './entry.ts';
import type { Attempt } from './rehearsal.ts';

/** The server is away, or somebody else has what the statement needs. */
const sayNothing: ReadonlySet<ErrorCode> = new Set(['SHARD_UNAVAILABLE', 'OVERLOADED', 'TIMEOUT', 'SERIALIZATION_FAILURE']);

/** Runs a statement of a rehearsal. Throws what says nothing of the statement. */
export async function attemptOf<R extends Row>(session: SqlSession, statement: Sql): Promise<Attempt<R>> {
  try {
    return { outcome: 'done', ...(await session.query<R>(statement)) };
  } catch (error) {
    return { outcome: 'refused', error: refusalOf(error) };
  }
}

/** The error by which a statement of a rehearsal was refused. Throws it where it says nothing of the statement. */
export function refusalOf(error: unknown): TenantryError {
  if (error instanceof EntryRefused)
    throw new TenantryError('INTERNAL', `A tenant of a rehearsal was not let in: ${error.refusal.reason}.`, { cause: error });
  if (!(error instanceof TenantryError) || sayNothing.has(error.code) || error.outcome === 'unknown') throw error;
  return error;
}
