import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlResult } from '../../core/session.ts';
import type { CompiledSql } from '../../core/compile-sql.ts';
import type { EngineConnection, EngineTransaction, EnterOptions, Isolation } from '../engine.ts';
import type { Entry } from '../entry.ts';
import { failureOf, endedItsTransaction, spoiltEntry } from './answer-failure.ts';
import { mssqlDialect } from './mssql-dialect.ts';
import { MssqlTransaction } from './mssql-transaction.ts';
import { endBatches, beginBatch, routedBatch } from './routed-batch.ts';
import { callersParameters, entryParameters, statementParameters } from './routed-parameters.ts';
import type { WireClient } from './wire-client.ts';

/** One checked connection of a SQL Server shard as `app`. */
export class MssqlConnection implements EngineConnection {
  readonly dialect = mssqlDialect;
  readonly #wire: WireClient;

  constructor(wire: WireClient) {
    this.#wire = wire;
  }

  get usable(): boolean {
    return this.#wire.usable && !this.#wire.busy && !this.#wire.inTransaction;
  }

  async execute<R extends Row>(entry: Entry, statement: CompiledSql, options: EnterOptions): Promise<SqlResult<R>> {
    this.#check(options);
    const callers = callersParameters(statement.values);
    const parameters = [...entryParameters(entry), ...statementParameters(statement.text), ...callers];
    this.#wire.beginUse();
    const answer = await this.#wire.run({ kind: 'call', text: routedBatch(callers), parameters }, options);
    const failure = failureOf(answer, { open: false, mayCommit: !options.readOnly, enters: true, fences: true });
    // A transaction that is open here is nobody's any more; closing rolls it back.
    if (answer.inTransaction || endedItsTransaction(failure) || spoiltEntry(answer)) this.#wire.discard();
    if (failure !== undefined) throw failure;
    return { rows: answer.rows as R[], rowCount: answer.rowCount };
  }

  async begin(entry: Entry, options: EnterOptions & { readonly isolation: Isolation }): Promise<EngineTransaction> {
    this.#check(options);
    this.#wire.beginUse();
    const answer = await this.#wire.run({ kind: 'call', text: beginBatch(options.isolation), parameters: entryParameters(entry) }, options);
    const failure = failureOf(answer, { open: true, mayCommit: false, enters: true, fences: false });
    if (failure === undefined) return new MssqlTransaction(this.#wire, options);
    if (spoiltEntry(answer)) this.#wire.discard();
    else if (answer.inTransaction) await this.#giveUp(options);
    throw failure;
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }

  async #giveUp({ timeoutMs }: EnterOptions): Promise<void> {
    if (!this.#wire.usable) return;
    const answer = await this.#wire.run({ kind: 'batch', text: endBatches.rollback }, { timeoutMs });
    if (answer.inTransaction || answer.errors.length > 0) this.#wire.discard();
  }

  #check({ signal }: EnterOptions): void {
    if (signal?.aborted === true) throw new TenantryError('CANCELLED');
    if (this.#wire.busy) throw new TenantryError('SESSION_MISUSE', 'A statement is running already on this connection; wait for it.');
    if (!this.usable) throw new TenantryError('SHARD_UNAVAILABLE', 'The connection is closed.');
  }
}
