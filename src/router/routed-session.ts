import type { Kysely } from 'kysely';
import { TenantryError } from '../core/errors.ts';
import type { Row, SqlResult } from '../core/session.ts';
import { type CompiledSql, compileSql } from '../core/compile-sql.ts';
import type { Sql } from '../core/sql.ts';
import type { EngineDialect, EngineTransaction } from '../engine/engine.ts';
import type { TenantSession } from './router.ts';
import { sessionKysely } from './session-kysely.ts';

/** A tenant's session over a transaction of the engine; sees to it that it is used by one at a time, and not too late. */
export class RoutedSession implements TenantSession {
  readonly #transaction: EngineTransaction;
  readonly #dialect: EngineDialect;
  #state: 'free' | 'running' | 'ended' = 'free';
  #leftRunning = false;
  /** What made the session end before its callback did. */
  #cause: TenantryError | undefined;

  constructor(transaction: EngineTransaction, dialect: EngineDialect) {
    this.#transaction = transaction;
    this.#dialect = dialect;
  }

  query<R extends Row = Row>(statement: Sql): Promise<SqlResult<R>> {
    return this.queryCompiled<R>(() => compileSql(statement, this.#dialect));
  }

  stream<R extends Row = Row>(statement: Sql): AsyncIterableIterator<R> {
    return this.streamCompiled<R>(() => compileSql(statement, this.#dialect));
  }

  kysely<DB>(): Kysely<DB> {
    return sessionKysely<DB>(this, this.#dialect);
  }

  /** `query` of a statement that is compiled already. */
  async queryCompiled<R extends Row>(compile: () => CompiledSql): Promise<SqlResult<R>> {
    this.#claim();
    try {
      return await this.#transaction.query<R>(compile());
    } catch (error) {
      throw this.#cause ?? error;
    } finally {
      this.#release();
    }
  }

  /** `stream` of a statement that is compiled already; it starts with the first row asked for. */
  async *streamCompiled<R extends Row>(compile: () => CompiledSql): AsyncIterableIterator<R> {
    this.#claim();
    try {
      yield* this.#transaction.stream<R>(compile());
    } catch (error) {
      throw this.#cause ?? error;
    } finally {
      this.#release();
    }
  }

  /** No statement may start any more; where there is a cause, what runs and what is tried fails with it. */
  end(cause?: TenantryError): void {
    this.#leftRunning ||= this.#state === 'running';
    this.#state = 'ended';
    this.#cause = cause;
  }

  /** Whether a statement was running still when the session ended. */
  get leftRunning(): boolean {
    return this.#leftRunning;
  }

  #claim(): void {
    if (this.#cause !== undefined) throw this.#cause;
    if (this.#state === 'ended')
      throw misuse(
        'The session has ended with the callback of withTenant: do all work with a session inside the callback, and await it there.',
      );
    if (this.#state === 'running')
      throw misuse('A session runs one statement at a time: await a statement, or finish a stream, before the next.');
    this.#state = 'running';
  }

  #release(): void {
    if (this.#state === 'running') this.#state = 'free';
  }
}

function misuse(detail: string): TenantryError {
  return new TenantryError('SESSION_MISUSE', detail);
}
