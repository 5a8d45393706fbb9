import { TenantryError } from '../../core/errors.ts';
import type { Answer } from './answer.ts';
import { endsConnection, toEntryError, toTenantsError, transactionCount } from './mssql-errors.ts';

/** What a message was meant to be. */
interface Expectation {
  /** Whether a transaction is open once it has been answered. */
  readonly open: boolean;
  /** Whether it may have made changes durable. */
  readonly mayCommit: boolean;
  /** Whether errors that come before the mark of an entry are the shard's refusals. */
  readonly enters: boolean;
}

/** Why a message did not do what it was meant to, and whether that is certain; undefined where it did. */
export function failureOf(answer: Answer, expected: Expectation): Error | undefined {
  if (answer.refusedValue) return new TenantryError('INVALID_REQUEST', 'A value of the statement does not fit its type.');
  const error = expected.open && expected.enters ? beginningError(answer) : answer.error;
  if (answer.loss !== undefined && error === undefined) return lossOf(answer, expected);
  if (answer.interruption !== undefined) return interruptionOf(answer, expected);
  if (error !== undefined) {
    // Before the mark of the entry no statement can have run, and after such an error none can follow.
    if (expected.mayCommit && (answer.entered || !expected.enters) && endsConnection(error))
      return new TenantryError('COMMIT_UNKNOWN', undefined, { outcome: 'unknown', cause: toTenantsError(error) });
    return expected.enters && !answer.entered ? toEntryError(error) : toTenantsError(error);
  }
  if (answer.inTransaction !== expected.open) return transactionControlled({ rolledBack: answer.rolledBack || answer.inTransaction });
  if (answer.rowError !== undefined)
    return new TenantryError('INTERNAL', 'A value of the answer could not be read.', {
      cause: answer.rowError,
      outcome: expected.mayCommit ? 'unknown' : 'not-run',
    });
  return undefined;
}

/** What is known of a transaction after a statement of its own has controlled it; its connection is closed. */
export function transactionControlled({ rolledBack }: { readonly rolledBack: boolean }): TenantryError {
  if (rolledBack) return new TenantryError('TRANSACTION_CONTROL', 'All that the transaction had done was rolled back.');
  return new TenantryError('TRANSACTION_CONTROL', 'What the transaction had done before may have been committed.', { outcome: 'unknown' });
}

/** sp_executesql that leaves a transaction open says so by an error of its own; the transaction stays open. */
function beginningError({ errors, inTransaction }: Answer): Answer['error'] {
  return inTransaction ? errors.find(({ number }) => number !== transactionCount) : errors[0];
}

/** A connection lost while the server may have been committing leaves that open; any other way it has rolled back. */
function lossOf({ loss, sent, interruption }: Answer, { mayCommit }: Expectation): TenantryError {
  if (mayCommit && sent) return new TenantryError('COMMIT_UNKNOWN', undefined, { cause: loss, outcome: 'unknown' });
  return new TenantryError(interruption ?? 'SHARD_UNAVAILABLE', undefined, { cause: loss });
}

/** The server has acknowledged: a transaction that it says it rolled back has not been committed. Where it says nothing, it may have been. */
function interruptionOf({ interruption = 'CANCELLED', sent, rolledBack }: Answer, { mayCommit }: Expectation): TenantryError {
  if (!mayCommit || !sent || rolledBack) return new TenantryError(interruption);
  return new TenantryError(interruption, 'The statement may have been carried out all the same.', { outcome: 'unknown' });
}
