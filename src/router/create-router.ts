import type { ContextTypes } from '../core/context-values.ts';
import { Deadline } from '../core/deadline.ts';
import { asTenantryError, type ErrorCode, TenantryError } from '../core/errors.ts';
import { defaultLimits } from '../core/limits.ts';
import type { Row, SqlResult } from '../core/session.ts';
import type { Sql } from '../core/sql.ts';
import type { TenantId } from '../../shardmap/key.ts';
import { contextValuesOf, isolationOf, timeoutOf } from './call-options.ts';
import { Nesting } from './nesting.ts';
import { repeat } from './repeat.ts';
import { BeginCall, type OpenTransaction, type RoutedCall, StatementCall } from './routed-call.ts';
import { runTransaction, type TransactionWork } from './run-transaction.ts';
import type { QueryOptions, Router, TransactionOptions } from './router.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import { ShardDispatcher } from './shard-dispatcher.ts';
import type { RoutedTenant } from './routed-tenant.ts';
import { RoutedTenants } from './routed-tenants.ts';
import { TransactionLimit } from './transaction-limit.ts';

const noOptions: QueryOptions & TransactionOptions = {};
const noContext: ContextTypes = new Map();

/** A router over its parts. Opens nothing before it is used. */
export function createRouter(dependencies: RouterDependencies): Router {
  return new TenantRouter(dependencies);
}

class TenantRouter implements Router {
  readonly #dependencies: RouterDependencies;
  readonly #tenants: RoutedTenants;
  readonly #dispatcher: ShardDispatcher;
  readonly #nesting = new Nesting();
  #running = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(dependencies: RouterDependencies) {
    this.#dependencies = dependencies;
    this.#tenants = new RoutedTenants(dependencies.keyType, dependencies);
    this.#dispatcher = new ShardDispatcher(dependencies);
  }

  /** Flat for the sake of its cost: where nothing has to wait, only the attempt itself is awaited. */
  async query<R extends Row = Row>(tenant: TenantId, statement: Sql, options: QueryOptions = noOptions): Promise<SqlResult<R>> {
    const routed = this.#admit(tenant);
    const { clock, limits, contextTypes = noContext } = this.#dependencies;
    const deadline = new Deadline(clock, timeoutOf(options, limits.statementTimeoutMs), options.signal);
    const call = new StatementCall<R>(routed, deadline, statement, options, contextValuesOf(options, contextTypes));
    let outcome: 'ok' | ErrorCode = 'ok';
    let hasTurn = routed.tryBegin();
    this.#running += 1;
    try {
      if (!hasTurn) {
        await routed.awaitTurn(deadline);
        hasTurn = true;
      }
      try {
        return await this.#dispatcher.dispatch(call);
      } catch (error) {
        return await this.#repeat(call, error);
      }
    } catch (error) {
      outcome = asTenantryError(error).code;
      throw error;
    } finally {
      if (hasTurn) routed.end();
      this.#ended('query', outcome, deadline.elapsedMs);
    }
  }

  withTenant<T>(tenant: TenantId, work: TransactionWork<T>): Promise<T>;
  withTenant<T>(tenant: TenantId, options: TransactionOptions, work: TransactionWork<T>): Promise<T>;
  async withTenant<T>(tenant: TenantId, first: TransactionOptions | TransactionWork<T>, second?: TransactionWork<T>): Promise<T> {
    const options = typeof first === 'function' ? noOptions : first;
    const work = typeof first === 'function' ? first : second;
    if (typeof work !== 'function') throw new TenantryError('SESSION_MISUSE', 'withTenant takes a callback, which is given the session.');
    const routed = this.#admit(tenant);
    const startedAt = this.#dependencies.clock.now();
    this.#running += 1;
    let outcome: 'ok' | ErrorCode = 'ok';
    try {
      return await this.#inTurn(routed, options, (open) =>
        runTransaction(open, (session) => this.#nesting.run(routed, () => work(session)), this.#transactionLimit(), options.signal),
      );
    } catch (error) {
      outcome = asTenantryError(error).code;
      throw error;
    } finally {
      this.#ended('transaction', outcome, this.#dependencies.clock.now() - startedAt);
    }
  }

  examine(shardId: string): void {
    if (!this.#closed) this.#dispatcher.examine(shardId);
  }

  async close(withinMs: number = defaultLimits.drainMs): Promise<void> {
    this.#closed = true;
    if (this.#running > 0) await this.#untilDrained(withinMs);
    await this.#dispatcher.close();
  }

  /** What is kept of a tenant, whose call may start. */
  #admit(tenant: TenantId): RoutedTenant {
    if (this.#closed) throw new TenantryError('SESSION_MISUSE', 'The router has been closed.');
    const routed = this.#tenants.get(tenant);
    this.#nesting.refuse(routed);
    return routed;
  }

  /** Enters a transaction when it is the tenant's turn, and has `use` run it to its end. */
  async #inTurn<T>(routed: RoutedTenant, options: TransactionOptions, use: (open: OpenTransaction) => Promise<T>): Promise<T> {
    const { clock, limits, contextTypes = noContext } = this.#dependencies;
    const timeoutMs = timeoutOf(options, limits.statementTimeoutMs);
    const deadline = new Deadline(clock, timeoutMs, options.signal);
    const call = new BeginCall(routed, deadline, {
      readOnly: options.readOnly === true,
      contextValues: contextValuesOf(options, contextTypes),
      isolation: isolationOf(options),
      timeoutMs,
    });
    if (!routed.tryBegin()) await routed.awaitTurn(deadline);
    try {
      return await use(await this.#enter(call));
    } finally {
      routed.end();
    }
  }

  #transactionLimit(): TransactionLimit {
    const { clock, limits } = this.#dependencies;
    return new TransactionLimit(clock, limits.transactionTimeoutMs);
  }

  async #enter(call: BeginCall): Promise<OpenTransaction> {
    try {
      return await this.#dispatcher.dispatch(call);
    } catch (error) {
      return this.#repeat(call, error);
    }
  }

  #repeat<T>(call: RoutedCall<T>, failure: unknown): Promise<T> {
    return repeat(call, failure, (again) => this.#dispatcher.dispatch(again), this.#dependencies);
  }

  #ended(kind: 'query' | 'transaction', outcome: 'ok' | ErrorCode, durationMs: number): void {
    this.#dependencies.observer.callEnded(kind, outcome, durationMs);
    this.#running -= 1;
    if (this.#running === 0) this.#drained?.();
  }

  #untilDrained(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = this.#dependencies.clock.after(withinMs, resolve);
      this.#drained = () => {
        stopTimer();
        resolve();
      };
    });
  }
}
