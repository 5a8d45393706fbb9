import type { Kysely } from 'kysely';
import type { ContextValue, ContextValues } from '../core/context-values.ts';
import type { Row, SqlResult } from '../core/session.ts';
import type { Sql } from '../core/sql.ts';
import type { Isolation } from '../engine/engine.ts';
import type { TenantId } from '../../shardmap/key.ts';

/** What every routed call takes. */
export interface CallOptions {
  /** The caller says it only reads: enforced by the server where it can, and repeated by itself after a failure. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Aborted: the call leaves its queue, or is cancelled on the server, and rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for a whole `query`, waiting included; in a transaction, for entering it and for each statement. Default `limits.statementTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /**
   * Values besides the tenant that policies go by, as the configuration declares them (`context`): the shard keeps them as safe from
   * statements as the tenant. What is left out is unknown to policies, which then show nothing by it.
   */
  readonly context?: ContextValues | undefined;
  /** The same as `context: { userId }`. */
  readonly userId?: ContextValue | undefined;
}

/** Options of `query`. */
export interface QueryOptions extends CallOptions {
  /** Running the statement twice does what running it once does: it is repeated by itself after a failure. Default false. */
  readonly idempotent?: boolean | undefined;
}

/** Options of `withTenant`. */
export interface TransactionOptions extends CallOptions {
  /** Default `read committed`. */
  readonly isolation?: Isolation | undefined;
}

/** A tenant's transaction, as a callback of `withTenant` gets it: one statement at a time, and none after the callback has ended. */
export interface TenantSession {
  query<R extends Row = Row>(statement: Sql): Promise<SqlResult<R>>;
  /** Rows with backpressure; leaving the loop early ends the statement on the server. */
  stream<R extends Row = Row>(statement: Sql): AsyncIterableIterator<R>;
  /** A kysely query builder whose statements run in this transaction. */
  kysely<DB>(): Kysely<DB>;
}

/** Takes a tenant's statements to the one shard that owns the tenant. All errors are `TenantryError`s, but those that a callback throws. */
export interface Router {
  /** One statement, in a transaction of its own and one round trip. Repeated by itself only where nothing can have run twice. */
  query<R extends Row = Row>(tenant: TenantId, statement: Sql, options?: QueryOptions): Promise<SqlResult<R>>;
  /**
   * One transaction: committed when `work` resolves, rolled back when it throws or takes longer than
   * `limits.transactionTimeoutMs` (TIMEOUT). `work` is started at most once. Nested use for the same tenant is refused: use
   * the session.
   */
  withTenant<T>(tenant: TenantId, work: (session: TenantSession) => Promise<T>): Promise<T>;
  withTenant<T>(tenant: TenantId, options: TransactionOptions, work: (session: TenantSession) => Promise<T>): Promise<T>;
  /** Looks once whether a shard that is not in use is fit to serve, and tells the observer; those in use are looked at in any case. */
  examine(shardId: string): void;
  /** Takes no more calls, waits up to `withinMs` (default 10 s) for those that run, then closes every connection. */
  close(withinMs?: number): Promise<void>;
}
