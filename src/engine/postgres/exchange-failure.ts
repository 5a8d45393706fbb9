import { TenantryError } from '../../core/errors.ts';
import type { Exchange } from './exchange.ts';
import { committedHereAlone, endsConnection, toEngineError, toStatementError } from './postgres-errors.ts';
import type { Interruption } from './wire-client.ts';

const queryCancelled = '57014';

/** What an exchange was meant to be. */
interface Expectation {
  readonly interruption: Interruption | undefined;
  /** Transaction status that it must end with. */
  readonly status: 'I' | 'T';
  /** Whether its Sync or COMMIT may have made changes durable. */
  readonly mayCommit: boolean;
}

/** Why an exchange did not do what it was meant to, and whether that is certain; undefined where it did. */
export function failureOf(exchange: Exchange, { interruption, status, mayCommit }: Expectation): Error | undefined {
  const { error } = exchange;
  if (error !== undefined && !(endsConnection(error) && mayCommit && exchange.tag !== undefined)) {
    if (error.code === queryCancelled && interruption !== undefined) return new TenantryError(interruption);
    // SQL can raise any SQLSTATE: only before the caller's statement is it the shard that refuses.
    return exchange.entered ? toStatementError(error) : toEngineError(error);
  }
  if (exchange.loss !== undefined) return lossOf(exchange, interruption, mayCommit);
  if (exchange.status !== status) return transactionControlled(exchange);
  if (exchange.unreplicated && mayCommit) return committedHereAlone();
  if (exchange.dropped && interruption !== undefined)
    return mayCommit
      ? new TenantryError(interruption, 'The statement has been carried out all the same.', { outcome: 'unknown' })
      : new TenantryError(interruption);
  if (exchange.rowError !== undefined)
    return new TenantryError('INTERNAL', 'A value of the answer could not be read.', {
      cause: exchange.rowError,
      outcome: mayCommit ? 'unknown' : 'not-run',
    });
  return undefined;
}

/**
 * What is known of a transaction after a statement of its own has controlled it. Its connection is gone by then, so what
 * was not committed is rolled back.
 */
export function transactionControlled({ command, error }: Exchange): TenantryError {
  if (error === undefined && command === 'COMMIT')
    return new TenantryError('TRANSACTION_CONTROL', 'The statement committed what the transaction had done before.', {
      outcome: 'unknown',
    });
  if (error !== undefined || command === 'ROLLBACK' || command === 'BEGIN' || command === 'START TRANSACTION')
    return new TenantryError('TRANSACTION_CONTROL', 'All that the transaction had done was rolled back.');
  return new TenantryError('TRANSACTION_CONTROL', 'What the transaction had done before may have been committed.', { outcome: 'unknown' });
}

/** A connection lost while the server may have been committing leaves that open; any other way it has rolled back. */
function lossOf({ loss, sent }: Exchange, interruption: Interruption | undefined, mayCommit: boolean): TenantryError {
  if (mayCommit && sent) return new TenantryError('COMMIT_UNKNOWN', undefined, { cause: loss, outcome: 'unknown' });
  return new TenantryError(interruption ?? 'SHARD_UNAVAILABLE', undefined, { cause: loss });
}
