import { TenantryError } from '../core/errors.ts';
import type { OpenTransaction } from './routed-call.ts';
import { RoutedSession } from './routed-session.ts';
import type { TenantSession } from './router.ts';
import type { TransactionLimit } from './transaction-limit.ts';

/** What a caller does in a transaction. */
export type TransactionWork<T> = (session: TenantSession) => Promise<T>;

/**
 * Runs `work` in an open transaction and gives its connection back: committed when `work` resolves, rolled back when it
 * throws, when the signal has been aborted (CANCELLED), when it left a statement running (SESSION_MISUSE), or when the
 * limit comes first (TIMEOUT): nobody waits for `work` then, and its session is of no more use.
 */
export async function runTransaction<T>(
  open: OpenTransaction,
  work: TransactionWork<T>,
  limit: TransactionLimit,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { connection, shard, transaction } = open;
  const session = new RoutedSession(transaction, connection.dialect);
  try {
    const result = await workOrUndo(open, session, work, limit, signal);
    await transaction.commit();
    shard.ended(connection);
    return result;
  } catch (error) {
    // How long a callback takes says nothing of the shard, nor does what it met elsewhere while its own statement ran.
    if (limit.error === undefined && !session.leftRunning) shard.ended(connection, error);
    throw error;
  } finally {
    shard.pool.give(connection);
  }
}

async function workOrUndo<T>(
  open: OpenTransaction,
  session: RoutedSession,
  work: TransactionWork<T>,
  limit: TransactionLimit,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    const result = await limit.race(() => work(session));
    session.end();
    if (session.leftRunning) {
      throw new TenantryError(
        'SESSION_MISUSE',
        'A statement or stream was running still when the callback of withTenant ended: await every statement, and read or leave every stream.',
      );
    }
    if (signal?.aborted === true) throw new TenantryError('CANCELLED', 'The transaction was rolled back.', { cause: signal.reason });
    return result;
  } catch (error) {
    session.end(limit.error);
    await undo(open, session.leftRunning);
    throw error;
  }
}

/** What cannot be rolled back is rolled back by the server, when the connection is gone. */
async function undo({ connection, transaction }: OpenTransaction, statementRunning: boolean): Promise<void> {
  if (statementRunning) return connection.close();
  try {
    return await transaction.rollback();
  } catch {
    return connection.close();
  }
}
