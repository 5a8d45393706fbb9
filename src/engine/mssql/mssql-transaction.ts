import { asError, TenantryError } from '../../core/errors.ts';
import type { Row, SqlResult } from '../../core/session.ts';
import type { CompiledSql } from '../../core/compile-sql.ts';
import type { EngineTransaction, EnterOptions, Isolation } from '../engine.ts';
import { failedTransaction } from '../failed-transaction.ts';
import type { Answer } from './answer.ts';
import { failureOf, endedItsTransaction, transactionControlled } from './answer-failure.ts';
import { RowQueue } from './row-queue.ts';
import { endBatches, sessionBatch, streamBatch } from './routed-batch.ts';
import { callersParameters, statementParameters } from './routed-parameters.ts';
import type { RowTaker } from './take-answer.ts';
import type { WireClient } from './wire-client.ts';

/** A transaction that `enter` has admitted, on a connection of its own until it ends. */
export class MssqlTransaction implements EngineTransaction {
  readonly #wire: WireClient;
  readonly #options: EnterOptions & { readonly isolation: Isolation };
  /** The server's name for it: a statement that commits it and begins another is found out by that. */
  readonly #name: string;
  #ended = false;
  /** A statement failed or its answer was dropped: it can only be rolled back, and may be already. */
  #failed = false;
  /** A stream is being left before its end, which is no failure of its transaction. */
  #leaving = false;

  constructor(wire: WireClient, options: EnterOptions & { readonly isolation: Isolation }) {
    this.#wire = wire;
    this.#options = options;
    this.#name = wire.transaction;
  }

  async query<R extends Row>(statement: CompiledSql): Promise<SqlResult<R>> {
    this.#check();
    const answer = await this.#run(sessionBatch, statement);
    return { rows: answer.rows as R[], rowCount: answer.rowCount };
  }

  async *stream<R extends Row>(statement: CompiledSql): AsyncIterableIterator<R> {
    this.#check();
    const rows = new RowQueue<R>(this.#wire);
    let answered = false;
    const failure = this.#run(streamBatch, statement, (row, bytes) => rows.add(row as R, bytes))
      .then(() => undefined, asError)
      .finally(() => {
        answered = true;
        rows.end();
      });
    try {
      yield* rows;
    } finally {
      if (!answered) {
        rows.drop();
        this.#leaving = true;
        this.#wire.interrupt('CANCELLED');
      }
      // Nobody is told where the stream was left: the next statement is, if that cost the transaction.
      await failure;
    }
    const error = await failure;
    if (error !== undefined) throw error;
  }

  async commit(): Promise<void> {
    this.#check('to be ended');
    if (this.#failed) {
      await this.rollback();
      throw failedTransaction();
    }
    this.#ended = true;
    // Not interrupted by the caller: a cancelled COMMIT would only be another way not to know.
    const answer = await this.#wire.run({ kind: 'batch', text: endBatches.commit }, { timeoutMs: this.#options.timeoutMs });
    const failure = failureOf(answer, { open: false, mayCommit: !this.#options.readOnly, enters: false, fences: false });
    if (answer.inTransaction) this.#wire.discard();
    if (failure !== undefined) throw failure;
    if (answer.rolledBack) throw failedTransaction();
  }

  async rollback(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#wire.usable || !this.#wire.inTransaction) return;
    if (this.#wire.busy) {
      this.#wire.discard();
      return;
    }
    const answer = await this.#wire.run({ kind: 'batch', text: endBatches.rollback }, { timeoutMs: this.#options.timeoutMs });
    if (answer.inTransaction || answer.errors.length > 0 || answer.interruption !== undefined) this.#wire.discard();
  }

  #check(purpose?: 'to be ended'): void {
    if (this.#ended) throw new TenantryError('SESSION_MISUSE', 'The transaction has ended.');
    if (this.#options.signal?.aborted === true) throw new TenantryError('CANCELLED');
    if (this.#wire.busy) throw new TenantryError('SESSION_MISUSE', 'A statement of this transaction is running already; wait for it.');
    if (purpose === undefined && this.#failed)
      throw new TenantryError('STATEMENT_FAILED', 'A statement of the transaction has failed; it can only be rolled back.');
  }

  async #run(batch: typeof sessionBatch, { text, values }: CompiledSql, take?: RowTaker): Promise<Answer> {
    const callers = callersParameters(values);
    const parameters = [...statementParameters(text), ...callers];
    const message = { kind: 'call', text: batch(this.#options.isolation, callers), parameters } as const;
    const answer = await this.#wire.run(message, this.#options, take);
    const left = this.#leaving && answer.interruption === 'CANCELLED' && answer.loss === undefined;
    this.#leaving = false;
    if (this.#isAnother(answer)) {
      this.#end();
      throw transactionControlled();
    }
    if (left && answer.inTransaction) return answer;
    const failure = failureOf(answer, { open: true, mayCommit: false, enters: false, fences: true });
    if (failure === undefined) return answer;
    this.#failed = true;
    if (endedItsTransaction(failure)) this.#end();
    throw failure;
  }

  /** Whether the statement ended the transaction, however it went on: the server rolls back nothing without saying so. */
  #isAnother(answer: Answer): boolean {
    if (answer.loss !== undefined) return false;
    return answer.begins > 0 || (answer.inTransaction ? this.#wire.transaction !== this.#name : !answer.rolledBack);
  }

  #end(): void {
    this.#ended = true;
    this.#wire.discard();
  }
}
