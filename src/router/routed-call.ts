import type { Deadline } from '../core/deadline.ts';
import type { Row, SqlResult } from '../core/session.ts';
import { compileSql, type Sql } from '../core/sql.ts';
import type { EngineConnection, EngineTransaction, Isolation } from '../engine/engine.ts';
import type { Entry } from '../engine/entry.ts';
import type { Route } from '../../shardmap/route.ts';
import type { ShardLane } from './shard-lane.ts';
import type { TenantDesk } from './tenant-desk.ts';

/** One call on its way, over as many attempts as it takes. */
export interface RoutedCall<T> {
  readonly desk: TenantDesk;
  readonly deadline: Deadline;
  /** Nothing of it can harm by running twice. */
  readonly repeatable: boolean;
  /** The connection stays lent after a successful start. */
  readonly keepsConnection: boolean;
  /** Where the last attempt went. */
  route: Route | undefined;
  lane: ShardLane | undefined;
  start(connection: EngineConnection, entry: Entry, lane: ShardLane): Promise<T>;
}

/** A statement in a transaction of its own. */
export class StatementCall<R extends Row> implements RoutedCall<SqlResult<R>> {
  readonly desk: TenantDesk;
  readonly deadline: Deadline;
  readonly repeatable: boolean;
  readonly keepsConnection = false;
  route: Route | undefined = undefined;
  lane: ShardLane | undefined = undefined;
  readonly #statement: Sql;
  readonly #readOnly: boolean;

  constructor(
    desk: TenantDesk,
    deadline: Deadline,
    statement: Sql,
    options: { readonly readOnly?: boolean | undefined; readonly idempotent?: boolean | undefined },
  ) {
    this.desk = desk;
    this.deadline = deadline;
    this.#statement = statement;
    this.#readOnly = options.readOnly === true;
    this.repeatable = this.#readOnly || options.idempotent === true;
  }

  start(connection: EngineConnection, entry: Entry): Promise<SqlResult<R>> {
    const { callerSignal, remainingMs } = this.deadline;
    return connection.execute<R>(entry, compileSql(this.#statement, connection.dialect), {
      readOnly: this.#readOnly,
      signal: callerSignal,
      timeoutMs: remainingMs,
    });
  }
}

/** A transaction that was entered, with the connection it has to itself. */
export interface OpenTransaction {
  readonly transaction: EngineTransaction;
  readonly connection: EngineConnection;
  readonly lane: ShardLane;
}

/** Entering a transaction; nothing of the caller's runs in it, so it may always be repeated. */
export class BeginCall implements RoutedCall<OpenTransaction> {
  readonly desk: TenantDesk;
  readonly deadline: Deadline;
  readonly repeatable = true;
  readonly keepsConnection = true;
  route: Route | undefined = undefined;
  lane: ShardLane | undefined = undefined;
  readonly #options: { readonly readOnly: boolean; readonly isolation: Isolation; readonly timeoutMs: number };

  constructor(
    desk: TenantDesk,
    deadline: Deadline,
    options: { readonly readOnly: boolean; readonly isolation: Isolation; readonly timeoutMs: number },
  ) {
    this.desk = desk;
    this.deadline = deadline;
    this.#options = options;
  }

  async start(connection: EngineConnection, entry: Entry, lane: ShardLane): Promise<OpenTransaction> {
    const transaction = await connection.begin(entry, { ...this.#options, signal: this.deadline.callerSignal });
    return { transaction, connection, lane };
  }
}
