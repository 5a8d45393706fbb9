import { TenantryError, type Outcome } from '../../core/errors.ts';
import type { Answer } from './answer.ts';
import { transactionCount } from './error-table.ts';
import { blamesRequest, endsConnectionUnasked, leavesOpen, toEntryError, toTenantsError, type ServerError } from './mssql-errors.ts';
import { endedTransaction } from './routed-batch.ts';

/** What a message was meant to be. */
export interface Expectation {
  /** Whether a transaction is open once it has been answered. */
  readonly open: boolean;
  /** Whether it may have made changes durable. */
  readonly mayCommit: boolean;
  /** Whether errors that come before the mark of an entry are the shard's refusals. */
  readonly enters: boolean;
  /** Whether it runs a statement of the caller's, and so tells when it is done. */
  readonly fences: boolean;
}

/** Why a message did not do what it was meant to, and whether that is certain; undefined where it did. */
export function failureOf(answer: Answer, expected: Expectation): Error | undefined {
  if (answer.refusedValue) return new TenantryError('INVALID_REQUEST', 'A value of the statement does not fit its type.');
  const error = expected.open && expected.enters ? beginningError(answer) : answer.error;
  if (answer.loss !== undefined && error === undefined) return lossOf(answer, expected);
  if (answer.interruption !== undefined) return interruptionOf(answer, expected);
  if (error !== undefined) {
    if (expected.fences && error.number === endedTransaction) return transactionControlled();
    // An error that did not keep the message from its end did not keep it from its COMMIT, whatever was heard of the entry: a refusal
    // would be tried again.
    if (expected.mayCommit && answer.done) return commitUnknown(error);
    // Before the mark of the entry no statement can have run, and after such an error none can follow.
    if (expected.enters && !answer.entered) return toEntryError(error);
    if (expected.mayCommit && leavesOpen(error, answer.rolledBack)) return blamesRequest(error) ? heavy(error) : commitUnknown(error);
    // What the error did not roll back may have been committed before the connection went.
    if (expected.mayCommit && answer.loss !== undefined && !answer.rolledBack) return commitUnknown(error);
    return toTenantsError(error, answer.rolledBack || !expected.mayCommit);
  }
  if (answer.inTransaction !== expected.open || answer.done !== expected.fences) return transactionControlled();
  if (answer.rowError !== undefined) return unreadable(answer.rowError, expected.mayCommit ? 'unknown' : 'not-run');
  return undefined;
}

/** A value of an answer could not be made one of a row. Why is told where it is known: a caller may be able to mend the statement. */
export function unreadable(cause: unknown, outcome: Outcome): TenantryError {
  const why = cause instanceof TenantryError ? cause.detail : undefined;
  return new TenantryError('INTERNAL', why ?? 'A value of the answer could not be read.', { cause, outcome });
}

/** Whether the connection cannot be used for another entry, by an error that came before this one was answered. */
export function spoiltEntry({ entered, errors }: Answer): boolean {
  return !entered && errors.some(endsConnectionUnasked);
}

function commitUnknown(error: ServerError): TenantryError {
  return new TenantryError('COMMIT_UNKNOWN', undefined, { outcome: 'unknown', cause: toTenantsError(error) });
}

/**
 * The session was ended for what it was asked. Whether before or after the COMMIT the server does not say, where it tells of no rollback.
 */
function heavy(error: ServerError): TenantryError {
  const { code, cause, retryAfterMs } = toTenantsError(error);
  const detail = 'The server ended the session for its weight; the statement may have been carried out all the same.';
  return new TenantryError(code, detail, { cause, outcome: 'unknown', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** What is known where a statement has ended the transaction that it ran in: what came before and after may be committed. */
export function transactionControlled(): TenantryError {
  return new TenantryError('TRANSACTION_CONTROL', 'What the transaction had done before may have been committed.', { outcome: 'unknown' });
}

/** Whether a statement was found to have ended its transaction: its connection is closed, since nobody knows what else it has done. */
export function endedItsTransaction(failure: Error | undefined): boolean {
  return failure instanceof TenantryError && failure.code === 'TRANSACTION_CONTROL' && failure.outcome === 'unknown';
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

/**
 * The server has acknowledged: a transaction that it says it rolled back has not been committed. Where it says nothing, or a second
 * one had begun, the first may have been.
 */
function interruptionOf({ interruption = 'CANCELLED', sent, rolledBack, begins }: Answer, { mayCommit }: Expectation): TenantryError {
  if (!mayCommit || !sent || (rolledBack && begins === 1)) return new TenantryError(interruption);
  return new TenantryError(interruption, 'The statement may have been carried out all the same.', { outcome: 'unknown' });
}
