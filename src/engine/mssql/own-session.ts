import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlParameters, SqlResult } from '../../core/session.ts';
import { compileSql } from '../../core/compile-sql.ts';
import type { Sql } from '../../core/sql.ts';
import { failedTransaction } from '../failed-transaction.ts';
import type { OpenOptions } from '../engine.ts';
import type { OwnSession } from '../own-database.ts';
import { transactionControlled, unreadable } from './answer-failure.ts';
import type { Answer } from './answer.ts';
import { endsConnectionUnasked, leavesOpen, toOwnError, toStatementError } from './mssql-errors.ts';
import { mssqlDialect } from './mssql-dialect.ts';
import type { QueryLibrary } from './query-library.ts';
import { endBatches, endedTransaction, ownBatch, ownBegin, ownSession } from './routed-batch.ts';
import { callersParameters } from './routed-parameters.ts';
import type { Message } from './message.ts';
import type { WireClient } from './wire-client.ts';

/** What bounds statements of the program's own; nothing where it is undefined. */
type OwnBounds = Pick<OpenOptions, 'statementTimeoutMs' | 'lockTimeoutMs'>;

/** Statements of the program's own on one connection. */
export class MssqlOwnSession implements OwnSession {
  readonly #wire: WireClient;
  readonly #library: QueryLibrary;
  readonly #timeoutMs: number;
  /** Stands before what is sent: in a call it counts to its end, in a batch to the next reset. */
  readonly #lockLimit: string;
  #begun = false;
  /** The session itself has the settings that calls bring along. */
  #prepared = false;

  constructor(wire: WireClient, library: QueryLibrary, { statementTimeoutMs = Infinity, lockTimeoutMs }: OwnBounds = {}) {
    this.#wire = wire;
    this.#library = library;
    this.#timeoutMs = statementTimeoutMs;
    this.#lockLimit = lockTimeoutMs === undefined ? '' : `SET LOCK_TIMEOUT ${lockTimeoutMs};\n`;
  }

  async query<R extends Row>(statement: Sql): Promise<SqlResult<R>> {
    const { text, values } = compileSql(statement, mssqlDialect);
    // Some statements, such as CREATE FUNCTION, must be the first of their batch, and none of those takes values.
    if (values.length === 0) return resultOf(await this.#sendBatch(text));
    return resultOf(await this.#send({ kind: 'call', text: this.#lockLimit + ownBatch(text), parameters: callersParameters(values) }));
  }

  async run<R extends Row>(file: string, parameters?: SqlParameters): Promise<SqlResult<R>> {
    const query = this.#library.query(file, parameters);
    const result = resultOf<R>(
      await this.#send({ kind: 'call', text: this.#lockLimit + ownBatch(query.text), parameters: query.parameters }),
    );
    for (const row of result.rows) parseJson(row, query.json);
    return result;
  }

  async script(file: string): Promise<void> {
    for (const text of this.#library.script(file)) await this.#sendBatch(text);
  }

  async begin(): Promise<void> {
    await this.#send({ kind: 'batch', text: this.#lockLimit + ownBegin });
    this.#prepared = true;
    this.#begun = true;
  }

  async commit(): Promise<void> {
    if (!this.#wire.inTransaction) throw failedTransaction();
    const answer = await this.#wire.run({ kind: 'batch', text: endBatches.commit }, { timeoutMs: this.#timeoutMs });
    const { error, loss, interruption } = answer;
    if (loss !== undefined || interruption !== undefined || (error !== undefined && leavesOpen(error)))
      throw new TenantryError('COMMIT_UNKNOWN', undefined, { cause: loss, outcome: 'unknown' });
    if (error !== undefined) throw toStatementError(error);
    if (answer.rolledBack) throw failedTransaction();
    // What is open still is rolled back with its connection; what else the server has done it did not say.
    if (answer.inTransaction) throw new TenantryError('COMMIT_UNKNOWN', undefined, { outcome: 'unknown' });
  }

  /** A rollback that fails leaves a connection to be thrown away, which rolls back too; so does a statement that runs still. */
  async rollback(): Promise<void> {
    if (this.#wire.busy) return this.#wire.discard();
    if (!this.#wire.usable || !this.#wire.inTransaction) return;
    const answer = await this.#wire.run({ kind: 'batch', text: endBatches.rollback }, { timeoutMs: this.#timeoutMs });
    if (answer.errors.length > 0) this.#wire.discard();
  }

  async #sendBatch(text: string): Promise<Answer> {
    if (!this.#prepared) await this.#send({ kind: 'batch', text: this.#lockLimit + ownSession });
    this.#prepared = true;
    return await this.#send({ kind: 'batch', text });
  }

  async #send(message: Message): Promise<Answer> {
    if (this.#begun && !this.#wire.inTransaction)
      throw new TenantryError('STATEMENT_FAILED', 'A statement of the transaction has failed; it can only be rolled back.');
    const answer = await this.#wire.run(message, { timeoutMs: this.#timeoutMs });
    const { error, loss, interruption, rowError } = answer;
    if (answer.refusedValue) throw new TenantryError('INVALID_REQUEST', 'A value of the statement does not fit its type.');
    if (error !== undefined) {
      const isEnded = error.number === endedTransaction;
      if (isEnded || endsConnectionUnasked(error)) this.#wire.discard();
      throw isEnded ? transactionControlled() : toOwnError(error, message.text);
    }
    // Whether a lost connection took the statement with it cannot be known here.
    if (loss !== undefined)
      throw new TenantryError('SHARD_UNAVAILABLE', undefined, { cause: loss, outcome: answer.sent ? 'unknown' : 'not-run' });
    if (interruption !== undefined) throw new TenantryError(interruption);
    if (rowError !== undefined) throw unreadable(rowError, 'not-run');
    return answer;
  }
}

function resultOf<R extends Row>({ rows, rowCount }: Answer): SqlResult<R> {
  return { rows: rows as R[], rowCount };
}

function parseJson(row: Record<string, unknown>, columns: readonly string[]): void {
  for (const column of columns) {
    const text = row[column];
    if (typeof text === 'string') row[column] = JSON.parse(text);
  }
}
