import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlResult } from '../../core/session.ts';
import type { CompiledSql } from '../../core/compile-sql.ts';
import type { EngineTransaction, EnterOptions } from '../engine.ts';
import { failedTransaction } from '../failed-transaction.ts';
import { residueOf, residueOfFailure, type Residue } from './command-tag.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeBuilder } from './exchange-builder.ts';
import { failureOf, transactionControlled } from './exchange-failure.ts';
import { clearResidue } from './session-residue.ts';
import type { WireClient } from './wire-client.ts';

/** Rows that a stream asks for at once, where they are small. */
const rowsPerFetch = 256;
/** By how much it asks for fewer after rows that memory should not hold all at once, and for more again. */
const fetchStep = 4;

/** A transaction that `enter` has admitted, on a connection of its own until it ends. */
export class PostgresTransaction implements EngineTransaction {
  readonly #wire: WireClient;
  readonly #builder: ExchangeBuilder;
  readonly #options: EnterOptions;
  #residue: Residue;
  #ended = false;
  /** The answer to a statement was dropped, whatever it did. */
  #spoilt = false;
  /** The server takes nothing but the transaction's end, or the way back to a savepoint. */
  #failed = false;
  #portals = 0;

  constructor(wire: WireClient, builder: ExchangeBuilder, options: EnterOptions & { readonly leastResidue: Residue }) {
    this.#wire = wire;
    this.#builder = builder;
    this.#options = options;
    this.#residue = options.leastResidue;
  }

  async query<R extends Row>(statement: CompiledSql): Promise<SqlResult<R>> {
    this.#check();
    const exchange = this.#builder.run(statement);
    await this.#run(exchange, statement);
    return { rows: exchange.rows as R[], rowCount: exchange.rowCount };
  }

  async *stream<R extends Row>(statement: CompiledSql): AsyncIterableIterator<R> {
    this.#check();
    this.#portals += 1;
    const portal = `p${this.#portals}`;
    let size = rowsPerFetch;
    let exchange = this.#builder.run(statement, portal, size);
    try {
      for (;;) {
        const fitted = yield* this.#rowsOf<R>(exchange, statement);
        if (!exchange.suspended) return;
        this.#check();
        size = fitted ? Math.min(rowsPerFetch, size * fetchStep) : Math.max(1, Math.floor(size / fetchStep));
        exchange = this.#builder.fetch(statement, portal, size);
      }
    } finally {
      if (exchange.suspended && !this.#ended && this.#wire.usable) await this.#run(this.#builder.closePortal(portal), statement);
    }
  }

  /** The rows of one answer. Where they are more than memory should hold, the server waits for the reader; returns whether they were not. */
  async *#rowsOf<R extends Row>(exchange: Exchange, statement: CompiledSql): AsyncGenerator<R, boolean> {
    let full = Promise.withResolvers<void>();
    let fitted = true;
    exchange.onFull = () => full.resolve();
    const answer = this.#run(exchange, statement);
    try {
      for (;;) {
        await Promise.race([answer, full.promise]);
        full = Promise.withResolvers();
        const { settled } = exchange;
        yield* exchange.takeRows() as R[];
        if (settled) return fitted;
        fitted = false;
        this.#wire.resume();
      }
    } finally {
      if (!exchange.settled) {
        exchange.dropRows();
        this.#wire.resume();
      }
      await answer;
    }
  }

  async commit(): Promise<void> {
    this.#check();
    if (this.#spoilt) {
      await this.rollback();
      throw failedTransaction();
    }
    this.#ended = true;
    const exchange = this.#builder.commit(this.#residue !== 'none' && !this.#failed);
    // Not interrupted by the caller: a cancelled COMMIT would only be another way not to know.
    const interruption = await this.#wire.run(exchange, { timeoutMs: this.#options.timeoutMs });
    this.#leave(exchange);
    const failure = failureOf(exchange, { interruption, status: 'I', mayCommit: !this.#options.readOnly });
    if (failure !== undefined) throw failure;
    if (exchange.command !== 'COMMIT') throw failedTransaction();
  }

  async rollback(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#wire.usable) return;
    if (this.#wire.busy) {
      this.#wire.discard();
      return;
    }
    const exchange = this.#builder.rollback();
    await this.#wire.run(exchange, { timeoutMs: this.#options.timeoutMs });
    this.#leave(exchange);
  }

  #check(): void {
    if (this.#ended) throw new TenantryError('SESSION_MISUSE', 'The transaction has ended.');
    if (this.#options.signal?.aborted === true) throw new TenantryError('CANCELLED');
    if (this.#wire.busy) throw new TenantryError('SESSION_MISUSE', 'A statement of this transaction is running already; wait for it.');
  }

  async #run(exchange: Exchange, { text }: CompiledSql): Promise<void> {
    const interruption = await this.#wire.run(exchange, this.#options);
    const residue = exchange.error === undefined ? residueOf(exchange.command, text) : residueOfFailure(text);
    if (residue === 'transaction-control' || (exchange.loss === undefined && exchange.status === 'I')) {
      this.#ended = true;
      this.#wire.discard();
      throw transactionControlled(exchange);
    }
    this.#failed = exchange.status === 'E';
    if (residue === 'permanent' || this.#residue === 'none') this.#residue = residue;
    if (exchange.dropped && interruption !== undefined) this.#spoilt = true;
    const failure = failureOf(exchange, { interruption, status: 'T', mayCommit: false });
    if (failure !== undefined) throw failure;
  }

  /** The connection serves others again only where the transaction is known to have ended. */
  #leave(exchange: Exchange): void {
    if (exchange.loss !== undefined) return;
    if (exchange.status !== 'I') this.#wire.discard();
    else clearResidue(this.#wire, this.#builder, this.#residue);
  }
}
