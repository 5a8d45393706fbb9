import type { Deadline } from '../core/deadline.ts';
import type { Row, SqlResult } from '../core/session.ts';
import { compileSql } from '../core/compile-sql.ts';
import type { Sql } from '../core/sql.ts';
import type { EngineConnection, EngineTransaction, EnterOptions, Isolation } from '../engine/engine.ts';
import type { Entry } from '../engine/entry.ts';
import type { Route } from '../../shardmap/route.ts';
import type { RoutedShard } from './routed-shard.ts';
import type { RoutedTenant } from './routed-tenant.ts';
import type { QueryOptions } from './router.ts';

/** One call on its way, over as many attempts as it takes. */
export interface RoutedCall<T> {
  readonly tenant: RoutedTenant;
  readonly deadline: Deadline;
  /** Nothing of it can harm by running twice. */
  readonly repeatable: boolean;
  /** The connection stays lent after a successful start. */
  readonly keepsConnection: boolean;
  /** Where the last attempt went. */
  route: Route | undefined;
  shard: RoutedShard | undefined;
  start(connection: EngineConnection, entry: Entry, shard: RoutedShard): Promise<T>;
}

/** A statement in a transaction of its own. */
export class StatementCall<R extends Row> implements RoutedCall<SqlResult<R>> {
  readonly tenant: RoutedTenant;
  readonly deadline: Deadline;
  readonly repeatable: boolean;
  readonly keepsConnection = false;
  route: Route | undefined = undefined;
  shard: RoutedShard | undefined = undefined;
  readonly #statement: Sql;
  readonly #readOnly: boolean;
  readonly #contextValues: string | undefined;

  constructor(
    tenant: RoutedTenant,
    deadline: Deadline,
    statement: Sql,
    options: Pick<QueryOptions, 'readOnly' | 'idempotent'>,
    contextValues?: string,
  ) {
    this.tenant = tenant;
    this.deadline = deadline;
    this.#statement = statement;
    this.#readOnly = options.readOnly === true;
    this.#contextValues = contextValues;
    this.repeatable = this.#readOnly || options.idempotent === true;
  }

  start(connection: EngineConnection, entry: Entry): Promise<SqlResult<R>> {
    const { callerSignal, remainingMs } = this.deadline;
    return connection.execute<R>(entry, compileSql(this.#statement, connection.dialect), {
      readOnly: this.#readOnly,
      contextValues: this.#contextValues,
      signal: callerSignal,
      timeoutMs: remainingMs,
    });
  }
}

/** A transaction that was entered, with the connection it has to itself. */
export interface OpenTransaction {
  readonly transaction: EngineTransaction;
  readonly connection: EngineConnection;
  readonly shard: RoutedShard;
}

type BeginOptions = Omit<EnterOptions, 'signal'> & { readonly isolation: Isolation };

/** Entering a transaction; nothing of the caller's runs in it, so it may always be repeated. */
export class BeginCall implements RoutedCall<OpenTransaction> {
  readonly tenant: RoutedTenant;
  readonly deadline: Deadline;
  readonly repeatable = true;
  readonly keepsConnection = true;
  route: Route | undefined = undefined;
  shard: RoutedShard | undefined = undefined;
  readonly #options: BeginOptions;

  constructor(tenant: RoutedTenant, deadline: Deadline, options: BeginOptions) {
    this.tenant = tenant;
    this.deadline = deadline;
    this.#options = options;
  }

  async start(connection: EngineConnection, entry: Entry, shard: RoutedShard): Promise<OpenTransaction> {
    const transaction = await connection.begin(entry, { ...this.#options, signal: this.deadline.callerSignal });
    return { transaction, connection, shard };
  }
}
