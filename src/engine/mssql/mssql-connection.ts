import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlResult } from '../../core/session.ts';
import type { CompiledSql } from '../../core/compile-sql.ts';
import type { Capabilities } from '../capabilities.ts';
import type { EngineConnection, EngineTransaction, EnterOptions, Isolation } from '../engine.ts';
import { EntryRefused, type Entry } from '../entry.ts';
import type { Answer } from './answer.ts';
import { failureOf, endedItsTransaction, spoiltEntry, type Expectation } from './answer-failure.ts';
import { mssqlDialect } from './mssql-dialect.ts';
import { MssqlTransaction } from './mssql-transaction.ts';
import { endBatches, beginBatch, routedBatch, type EntryForm } from './routed-batch.ts';
import { callersParameters, entryParameters, statementParameters } from './routed-parameters.ts';
import type { WireClient } from './wire-client.ts';

/** One checked connection of a SQL Server shard as `app`. */
export class MssqlConnection implements EngineConnection {
  readonly dialect = mssqlDialect;
  readonly capabilities: Capabilities;
  readonly #wire: WireClient;
  /** Somebody has asked to be let in on it. */
  #served = false;

  constructor(wire: WireClient, capabilities: Capabilities) {
    this.#wire = wire;
    this.capabilities = capabilities;
  }

  get usable(): boolean {
    return this.#wire.usable && !this.#wire.busy && !this.#wire.inTransaction;
  }

  async execute<R extends Row>(entry: Entry, statement: CompiledSql, options: EnterOptions): Promise<SqlResult<R>> {
    this.#check(options);
    const callers = callersParameters(statement.values);
    const parameters = [...entryParameters(entry, options.contextValues), ...statementParameters(statement.text), ...callers];
    this.#wire.beginUse();
    const answer = await this.#wire.run({ kind: 'call', text: routedBatch(entryForm(options), callers), parameters }, options);
    const failure = this.#failureOf(answer, { open: false, mayCommit: !options.readOnly, enters: true, fences: true });
    // A transaction that is open here is nobody's any more; closing rolls it back.
    if (answer.inTransaction || endedItsTransaction(failure) || spoiltEntry(answer)) this.#wire.discard();
    if (failure !== undefined) throw failure;
    return { rows: answer.rows as R[], rowCount: answer.rowCount };
  }

  async begin(entry: Entry, options: EnterOptions & { readonly isolation: Isolation }): Promise<EngineTransaction> {
    this.#check(options);
    this.#wire.beginUse();
    const text = beginBatch(entryForm(options), options.isolation);
    const answer = await this.#wire.run({ kind: 'call', text, parameters: entryParameters(entry, options.contextValues) }, options);
    const failure = this.#failureOf(answer, { open: true, mayCommit: false, enters: true, fences: false });
    if (failure === undefined) return new MssqlTransaction(this.#wire, options);
    if (spoiltEntry(answer)) this.#wire.discard();
    else if (answer.inTransaction) await this.#giveUp(options);
    throw failure;
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }

  /**
   * Where nobody has been let in before, the tenant that is set already is not that of a use before: another connection would have it too.
   */
  #failureOf(answer: Answer, expected: Expectation): Error | undefined {
    const failure = failureOf(answer, expected);
    const served = this.#served;
    this.#served = true;
    if (served || !(failure instanceof EntryRefused) || failure.refusal.reason !== 'NOT_RESET') return failure;
    const detail = 'A new connection of the shard has a tenant already: something sets it at the login, or the way there is shared.';
    return new TenantryError('SHARD_UNVERIFIED', detail, { cause: failure });
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

function entryForm({ contextValues }: EnterOptions): EntryForm {
  return contextValues === undefined ? 'bare' : 'withValues';
}
