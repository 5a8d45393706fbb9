import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlResult } from '../../core/session.ts';
import type { CompiledSql } from '../../core/compile-sql.ts';
import type { Capabilities } from '../capabilities.ts';
import type { EngineConnection, EngineTransaction, EnterOptions, Isolation } from '../engine.ts';
import type { Entry } from '../entry.ts';
import { residueOf, residueOfFailure, type Residue } from './command-tag.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeBuilder } from './exchange-builder.ts';
import { failureOf } from './exchange-failure.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { PostgresTransaction } from './postgres-transaction.ts';
import { clearResidue } from './session-residue.ts';
import { callsCode } from './statement-word.ts';
import type { WireClient } from './wire-client.ts';

/** A prepared statement whose result has other columns now: the server refuses it before it runs. */
const staleStatement = '0A000';

/** What a connection has to reckon with. */
export interface SessionFacts {
  readonly capabilities: Capabilities;
  /** As `ServerClient` knows it. */
  readonly callsMayCommit: boolean;
  /** What every statement may leave, whatever it looks like: functions and triggers of the database may. */
  readonly leastResidue: 'none' | 'resettable';
}

/** One checked connection of a PostgreSQL shard as `app`. */
export class PostgresConnection implements EngineConnection {
  readonly dialect = postgresDialect;
  readonly #wire: WireClient;
  readonly #builder = new ExchangeBuilder();
  readonly #facts: SessionFacts;

  constructor(wire: WireClient, facts: SessionFacts) {
    this.#wire = wire;
    this.#facts = facts;
  }

  get capabilities(): Capabilities {
    return this.#facts.capabilities;
  }

  get usable(): boolean {
    return this.#wire.usable && !this.#wire.busy;
  }

  async execute<R extends Row>(entry: Entry, statement: CompiledSql, options: EnterOptions): Promise<SqlResult<R>> {
    if (this.#facts.callsMayCommit && callsCode(statement.text)) return this.#executeInBlock(entry, statement, options);
    this.#check(options);
    const settingsChange = this.#facts.leastResidue !== 'none';
    let exchange = this.#builder.enterAndRun(entry, options, statement, settingsChange);
    let interruption = await this.#wire.run(exchange, options);
    if (exchange.error?.code === staleStatement && exchange.status === 'I' && interruption === undefined) {
      this.#builder.forget(statement);
      exchange = this.#builder.enterAndRun(entry, options, statement, settingsChange);
      interruption = await this.#wire.run(exchange, options);
    }
    this.#tidy(exchange, statement);
    const failure = failureOf(exchange, { interruption, status: 'I', mayCommit: !options.readOnly });
    if (failure !== undefined) throw failure;
    if (residueOf(exchange.command, statement.text) === 'transaction-control') throw new TenantryError('TRANSACTION_CONTROL');
    return { rows: exchange.rows as R[], rowCount: exchange.rowCount };
  }

  /** Three round trips: in a transaction that was opened by name, the server itself refuses code that would end it. */
  async #executeInBlock<R extends Row>(entry: Entry, statement: CompiledSql, options: EnterOptions): Promise<SqlResult<R>> {
    const transaction = await this.begin(entry, { ...options, isolation: 'read committed' });
    try {
      const result = await transaction.query<R>(statement);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  async begin(entry: Entry, options: EnterOptions & { readonly isolation: Isolation }): Promise<EngineTransaction> {
    this.#check(options);
    const exchange = this.#builder.beginAndEnter(entry, options);
    const interruption = await this.#wire.run(exchange, options);
    const failure = failureOf(exchange, { interruption, status: 'T', mayCommit: false });
    if (failure === undefined)
      return new PostgresTransaction(this.#wire, this.#builder, { ...options, leastResidue: this.#facts.leastResidue });
    if (exchange.status === 'E') this.#wire.runAfter('rollback');
    else if (exchange.status !== 'I') this.#wire.discard();
    throw failure;
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }

  #check({ signal }: EnterOptions): void {
    if (signal?.aborted === true) throw new TenantryError('CANCELLED');
    if (this.#wire.busy) throw new TenantryError('SESSION_MISUSE', 'A statement is running already on this connection; wait for it.');
  }

  /** Nothing that a statement left in the session may meet the next tenant. */
  #tidy(exchange: Exchange, { text }: CompiledSql): void {
    if (exchange.loss !== undefined) return;
    if (exchange.status !== 'I') {
      this.#wire.discard();
      return;
    }
    const residue: Residue = exchange.error === undefined ? residueOf(exchange.command, text) : residueOfFailure(text);
    clearResidue(this.#wire, this.#builder, residue === 'none' ? this.#facts.leastResidue : residue);
  }
}
