import { endedTransaction, wrongTransaction } from './routed-batch.ts';

/**
 * So many transactions are begun around a statement that is to be undone, within the one that was begun already. They are a number alone:
 * COMMIT takes one off, and commits where it was the last; a savepoint of the outermost can be rolled back to at any depth (decision 024).
 */
const depth = 16;

/** Behind it whatever a statement, or a trigger of its table, goes on with after its last COMMIT or a ROLLBACK begins another transaction. */
export const watched = `SET XACT_ABORT OFF;
SET IMPLICIT_TRANSACTIONS ON;
DECLARE @tenantry_transaction bigint = CURRENT_TRANSACTION_ID();
`;

export const deepened = `WHILE @@TRANCOUNT < ${depth} BEGIN TRANSACTION;
WHILE @@TRANCOUNT > ${depth} COMMIT TRANSACTION;
`;

/** Behind the statement: where it began or ended one of them it is refused, and nothing is lost. */
export const depthKept = `IF @@TRANCOUNT <> ${depth} THROW ${wrongTransaction}, N'Another transaction than its own was found.', 1;
`;

/** First of all behind an error: it is not known what has been committed. */
export const transactionKept = `IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW ${endedTransaction}, N'The statement ended its transaction.', 1;
`;

/** Back to the one transaction, of which nothing is committed. */
export const surfaced = `WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION;
`;
