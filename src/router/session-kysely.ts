import { type CompiledQuery, type DatabaseConnection, type Driver, Kysely, type QueryResult } from 'kysely';
import { TenantryError } from '../core/errors.ts';
import type { Row, SqlResult } from '../core/session.ts';
import type { CompiledSql } from '../core/compile-sql.ts';
import type { SqlValue } from '../core/sql.ts';
import type { EngineDialect } from '../engine/engine.ts';

/** What kysely's statements, compiled already, run on. */
interface CompiledSession {
  queryCompiled<R extends Row>(compile: () => CompiledSql): Promise<SqlResult<R>>;
  streamCompiled<R extends Row>(compile: () => CompiledSql): AsyncIterableIterator<R>;
}

/** A kysely whose only connection is a session. */
export function sessionKysely<DB>(session: CompiledSession, { kysely }: EngineDialect): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createDriver: () => new SessionDriver(session),
      createAdapter: () => kysely.createAdapter(),
      createIntrospector: (db) => kysely.createIntrospector(db),
      createQueryCompiler: () => kysely.createQueryCompiler(),
    },
  });
}

/** Lends the session to kysely; the transaction around it is withTenant's, not kysely's. */
class SessionDriver implements Driver {
  readonly #connection: SessionConnection;

  constructor(session: CompiledSession) {
    this.#connection = new SessionConnection(session);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}

  async beginTransaction(): Promise<never> {
    throw this.#refusal();
  }

  async commitTransaction(): Promise<never> {
    throw this.#refusal();
  }

  async rollbackTransaction(): Promise<never> {
    throw this.#refusal();
  }

  #refusal(): TenantryError {
    return new TenantryError('SESSION_MISUSE', 'A session is a transaction already: leave transaction() out of its kysely queries.');
  }
}

class SessionConnection implements DatabaseConnection {
  readonly #session: CompiledSession;

  constructor(session: CompiledSession) {
    this.#session = session;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, rowCount } = await this.#session.queryCompiled<R & Row>(() => compiled(query));
    return query.query.kind === 'SelectQueryNode' ? { rows } : { rows, numAffectedRows: BigInt(rowCount) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for await (const row of this.#session.streamCompiled<R & Row>(() => compiled(query))) yield { rows: [row] };
  }
}

/** kysely types parameters as unknown; the engine refuses a value that it cannot send. */
function compiled({ sql, parameters }: CompiledQuery): CompiledSql {
  return { text: sql, values: parameters as readonly SqlValue[] };
}
