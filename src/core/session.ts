import type { TenantryError } from './errors.ts';
import type { Sql, SqlValue } from './sql.ts';

/** A row as an object, its columns by name. */
export type Row = Record<string, unknown>;

/** What one statement gave. */
export interface SqlResult<R extends Row = Row> {
  readonly rows: R[];
  /** Rows returned or changed; 0 where the statement has no such count. */
  readonly rowCount: number;
}

/** Values for the parameters that a `.sql` file declares in its header lines `-- @name type`. */
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** Where statements run one after another: a transaction, or a connection on its own. */
export interface SqlSession {
  /** Runs a statement built by `sql`; one without values may be several, and the last one's result is given. */
  query<R extends Row = Row>(statement: Sql): Promise<SqlResult<R>>;
  /**
   * Runs a file of the engine's query library, such as `catalog/find-mapping`. 64-bit integers come back as safe
   * numbers, bytes as Uint8Array, JSON parsed. Names and columns are the same on every engine.
   */
  run<R extends Row = Row>(file: string, parameters?: SqlParameters): Promise<SqlResult<R>>;
  /** Runs every statement of a file of the engine's library, such as `schema/shard/001-schema`; it takes no values. */
  script(file: string): Promise<void>;
}

/** One database as one principal, for the program's own work (catalog, local maps, policies). */
export interface SqlDatabase extends SqlSession {
  /**
   * Why nothing is answered for now, although it will be: the server says that it lets nobody into the database yet. No PostgreSQL says so.
   */
  readonly holdUp?: TenantryError | undefined;
  /** Runs `work` in one READ COMMITTED transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
