import type { Row } from '../../core/session.ts';
import type { ServerError } from './mssql-errors.ts';
import { enteredMark } from './routed-batch.ts';

/** Why a message was interrupted, as the code that its caller gets. */
export type Interruption = 'TIMEOUT' | 'CANCELLED' | 'ANSWER_TOO_LARGE';

/** What came back for one message, and what is known of the transaction by then. */
export class Answer {
  rows: Row[] = [];
  /** Rows that statements changed or returned, in their order. */
  readonly counts: number[] = [];
  readonly errors: ServerError[] = [];
  /** The server said that it rolled the transaction back. */
  rolledBack = false;
  /** A transaction is open once the answer has ended, as far as the server said. */
  inTransaction = false;
  /** Whether the message can have reached the server. */
  sent = false;
  /** The connection was lost, by this. */
  loss: Error | undefined;
  /** The server marked an error that it did not tell: one that a statement caught itself, or one that nobody knows. */
  unexplained: Error | undefined;
  /** The driver did not take a value, and sent nothing. */
  refusedValue = false;
  /** A value of the answer could not be read. */
  rowError: unknown;
  interruption: Interruption | undefined;
  /** `enter` has let the transaction in: what follows is the caller's. */
  entered = false;
  /** How many transactions began, as the server said. */
  begins = 0;
  /** A message with a caller's statement ran to its own end, which no statement can reach. */
  done = false;

  /** Takes a text that the server said beside the answer. */
  hear(message: string): void {
    if (message === enteredMark) this.entered = true;
  }

  /** Takes what the driver says of a message that did not go well. Errors of the server's have been heard already. */
  fail(error: Error & { readonly code?: unknown; readonly number?: unknown }): void {
    if (error instanceof AggregateError || typeof error.number === 'number' || error.code === 'ECANCEL') return;
    if (error.code === 'EPARAM') this.refusedValue = true;
    else if (error.code === 'UNKNOWN') this.unexplained = error;
    else this.loss ??= error;
    if (error.code === 'EPARAM' || error.code === 'EINVALIDSTATE') this.sent = false;
  }

  /** The error that says most: what follows it follows from it. */
  get error(): ServerError | undefined {
    return this.errors[0];
  }

  get rowCount(): number {
    return this.rows.length > 0 ? this.rows.length : (this.counts.at(-1) ?? 0);
  }
}
