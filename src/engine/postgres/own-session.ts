import pg from 'pg';
import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlParameters, SqlResult } from '../../core/session.ts';
import { compileSql, type CompiledSql } from '../../core/compile-sql.ts';
import type { Sql } from '../../core/sql.ts';
import { failedTransaction } from '../failed-transaction.ts';
import type { OpenOptions } from '../engine.ts';
import type { OwnSession } from '../own-database.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { parameterValue } from './parameter-value.ts';
import { serverNames } from './client-config.ts';
import { committedHereAlone, endsConnection, toEngineError, toOwnError } from './postgres-errors.ts';
import type { QueryLibrary } from './query-library.ts';
import { waitForStandby } from './server-message.ts';

/** What stands around a statement of the library. */
const namesOfTheServer = `set search_path to ${serverNames}`;
const namesAsBefore = 'reset search_path';

/**
 * Statements of the program's own on one client of pg. Where that pipelines, one that is not waited for is sent all the same.
 *
 * A statement of the library (`run`) names the server's functions and operators, whatever the database has of the same names: an
 * overload of the default schema that fits its arguments exactly would be called in place of a function of the server's that takes
 * any. What is built from a configuration (`query`) means the database's own names.
 */
export class PostgresOwnSession implements OwnSession {
  readonly #client: pg.ClientBase;
  readonly #library: QueryLibrary;
  readonly #serverNamesOnly: boolean;
  /** The connection failed in a way that leaves its state unknown. */
  broken = false;
  /** Statements whose answers are still to come. */
  #awaited = 0;
  /** The server has committed, and its synchronous standby has not. */
  #isAlone = false;
  readonly #onNotice = ({ routine }: { readonly routine?: string | undefined }): void => {
    this.#isAlone ||= routine === waitForStandby;
  };

  /** `serverNamesOnly`: the connection was opened so (`OpenOptions`), and no statement has to say it. */
  constructor(client: pg.ClientBase, library: QueryLibrary, { serverNamesOnly = false }: Pick<OpenOptions, 'serverNamesOnly'> = {}) {
    this.#client = client;
    this.#library = library;
    this.#serverNamesOnly = serverNamesOnly;
  }

  query<R extends Row>(statement: Sql): Promise<SqlResult<R>> {
    return this.#send<R>(compileSql(statement, postgresDialect));
  }

  async run<R extends Row>(file: string, parameters?: SqlParameters): Promise<SqlResult<R>> {
    const statement = this.#library.query(file, parameters);
    if (this.#serverNamesOnly) return await this.#send<R>(statement);
    // All three are on their way before anything else of the session's. In a transaction that has failed none is run, and its end takes
    // the path back.
    const named = this.#send({ text: namesOfTheServer, values: [] });
    const answer = this.#send<R>(statement);
    const unnamed = this.#send({ text: namesAsBefore, values: [] });
    const [, , { status }] = await Promise.allSettled([named, answer, unnamed]);
    if (status === 'rejected' && this.#client.getTransactionStatus() !== 'E') this.broken = true;
    const result = await answer;
    await Promise.all([named, unnamed]);
    return result;
  }

  async script(file: string): Promise<void> {
    await this.#send({ text: this.#library.script(file), values: [] });
  }

  async begin(): Promise<void> {
    await this.#send({ text: 'begin isolation level read committed', values: [] });
  }

  async commit(): Promise<void> {
    try {
      const { command } = await this.#confirmed(this.#client.query('commit'));
      // The server answers COMMIT of a failed transaction with ROLLBACK, and no error.
      if (command !== 'COMMIT') throw failedTransaction();
    } catch (error) {
      const failure = toEngineError(error);
      if (!isLost(error)) throw failure;
      this.broken = true;
      throw new TenantryError('COMMIT_UNKNOWN', undefined, { cause: failure.cause, outcome: 'unknown' });
    }
  }

  /** A rollback that fails leaves a connection to be thrown away, which rolls back too. */
  async rollback(): Promise<void> {
    await this.#client.query('rollback').catch(() => {
      this.broken = true;
    });
  }

  async #send<R extends Row>({ text, values }: CompiledSql): Promise<SqlResult<R>> {
    try {
      // Several statements in one text give several results, which pg's types do not say.
      const answer = (await this.#confirmed(this.#client.query<R>(text, values.map(parameterValue)))) as
        | pg.QueryResult<R>
        | pg.QueryResult<R>[];
      const result = Array.isArray(answer) ? answer.at(-1) : answer;
      return { rows: result?.rows ?? [], rowCount: result?.rowCount ?? 0 };
    } catch (error) {
      const failure = toOwnError(error, text);
      if (!isLost(error)) throw failure;
      this.broken = true;
      // Whether a lost connection took the statement with it cannot be known here.
      throw new TenantryError('SHARD_UNAVAILABLE', undefined, { cause: failure.cause, outcome: 'unknown' });
    }
  }

  /** The answer, unless the server committed without its synchronous standby: then COMMIT_UNKNOWN. */
  async #confirmed<T>(answer: Promise<T>): Promise<T> {
    if (this.#awaited === 0) this.#client.on('notice', this.#onNotice);
    this.#awaited += 1;
    try {
      const result = await answer;
      if (this.#isAlone) throw committedHereAlone();
      return result;
    } finally {
      this.#awaited -= 1;
      if (this.#awaited === 0) {
        this.#client.off('notice', this.#onNotice);
        this.#isAlone = false;
      }
    }
  }
}

/** Whether the connection went, so that nothing is known of what it was doing. */
function isLost(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? endsConnection(error) : !(error instanceof TenantryError);
}
