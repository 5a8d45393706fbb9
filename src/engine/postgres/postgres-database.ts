import pg from 'pg';
import { systemClock, type Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { Row, SqlDatabase, SqlParameters, SqlResult, SqlSession } from '../../core/session.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { compileSql, type CompiledSql, type Sql } from '../../core/sql.ts';
import type { OpenOptions } from '../engine.ts';
import { clientConfig, streamOf } from './client-config.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { endsConnection, toEngineError } from './postgres-errors.ts';
import { ownTypes } from './postgres-types.ts';
import type { QueryLibrary } from './query-library.ts';
import { ServerClient } from './server-version.ts';

const defaults = { connections: 4, connectTimeoutMs: 5_000 };
/** How long `close` waits for what still runs: a server that stands still would keep the process for ever. */
const closeGraceMs = 5_000;

/** One database for the program's own work, over a few connections opened when first used. */
export class PostgresDatabase implements SqlDatabase {
  readonly #pool: pg.Pool;
  readonly #library: QueryLibrary;
  readonly #clock: Clock;
  readonly #lent = new Set<pg.PoolClient>();

  constructor(address: ShardAddress, login: Login, library: QueryLibrary, options: OpenOptions = {}, clock = systemClock) {
    this.#library = library;
    this.#clock = clock;
    this.#pool = new pg.Pool({
      ...clientConfig(address, login),
      Client: ServerClient,
      types: ownTypes(),
      max: options.connections ?? defaults.connections,
      connectionTimeoutMillis: options.connectTimeoutMs ?? defaults.connectTimeoutMs,
      ...(options.statementTimeoutMs === undefined
        ? {}
        : { statement_timeout: options.statementTimeoutMs, query_timeout: options.statementTimeoutMs }),
      // A program stopped inside a transaction must not hold rows that others wait for.
      idle_in_transaction_session_timeout: 10_000,
      allowExitOnIdle: true,
    });
    // A connection that dies fails the statement it runs, or is dropped by the pool when idle; without listeners pg's event
    // would end the process besides.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  query<R extends Row>(statement: Sql): Promise<SqlResult<R>> {
    return this.#with((session) => session.query<R>(statement));
  }

  run<R extends Row>(file: string, parameters?: SqlParameters): Promise<SqlResult<R>> {
    return this.#with((session) => session.run<R>(file, parameters));
  }

  script(file: string): Promise<void> {
    return this.#with((session) => session.script(file));
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#with(async (session) => {
      await session.send({ text: 'begin isolation level read committed', values: [] });
      let result: T;
      try {
        result = await work(session);
      } catch (error) {
        await session.rollback();
        throw error;
      }
      await session.commit();
      return result;
    });
  }

  async close(): Promise<void> {
    const stopTimer = this.#clock.after(closeGraceMs, () => {
      for (const client of this.#lent) streamOf(client).destroy();
    });
    await this.#pool.end().finally(stopTimer);
  }

  async #with<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw toEngineError(error);
    });
    const session = new PostgresSession(client, this.#library);
    this.#lent.add(client);
    try {
      if (client instanceof ServerClient) client.requireKnownVersion('INVALID_CONFIGURATION');
      return await work(session);
    } finally {
      this.#lent.delete(client);
      client.release(session.broken || client.getTransactionStatus() !== 'I');
    }
  }
}

/** Statements on one connection. `broken` once it failed in a way that leaves its state unknown. */
class PostgresSession implements SqlSession {
  readonly #client: pg.PoolClient;
  readonly #library: QueryLibrary;
  broken = false;

  constructor(client: pg.PoolClient, library: QueryLibrary) {
    this.#client = client;
    this.#library = library;
  }

  query<R extends Row>(statement: Sql): Promise<SqlResult<R>> {
    return this.send<R>(compileSql(statement, postgresDialect));
  }

  async run<R extends Row>(file: string, parameters?: SqlParameters): Promise<SqlResult<R>> {
    return await this.send<R>(this.#library.query(file, parameters));
  }

  async script(file: string): Promise<void> {
    await this.send({ text: this.#library.script(file), values: [] });
  }

  async send<R extends Row>({ text, values }: CompiledSql): Promise<SqlResult<R>> {
    try {
      // Several statements in one text give several results, which pg's types do not say.
      const answer = (await this.#client.query<R>(text, [...values])) as pg.QueryResult<R> | pg.QueryResult<R>[];
      const result = Array.isArray(answer) ? answer.at(-1) : answer;
      return { rows: result?.rows ?? [], rowCount: result?.rowCount ?? 0 };
    } catch (error) {
      const lost = isLost(error);
      this.broken ||= lost;
      // Whether a lost connection took the statement with it cannot be known here.
      throw lost ? new TenantryError('SHARD_UNAVAILABLE', undefined, { cause: error, outcome: 'unknown' }) : toEngineError(error);
    }
  }

  async commit(): Promise<void> {
    try {
      const { command } = await this.#client.query('commit');
      // The server answers COMMIT of a failed transaction with ROLLBACK, and no error.
      if (command !== 'COMMIT')
        throw new TenantryError('STATEMENT_FAILED', 'The transaction had failed before its end and was rolled back.');
    } catch (error) {
      if (!isLost(error)) throw toEngineError(error);
      this.broken = true;
      throw new TenantryError('COMMIT_UNKNOWN', undefined, { cause: error, outcome: 'unknown' });
    }
  }

  /** A rollback that fails leaves a connection to be thrown away, which rolls back too. */
  async rollback(): Promise<void> {
    await this.#client.query('rollback').catch(() => {
      this.broken = true;
    });
  }
}

/** Whether the connection went, so that nothing is known of what it was doing. */
function isLost(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? endsConnection(error) : !(error instanceof TenantryError);
}
