import type { TenantryError } from '../core/errors.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';

/** What `open` does unless its options say otherwise. */
export const openDefaults = { connections: 4, connectTimeoutMs: 5_000 };

/** Milliseconds that `close` waits for what still runs: a server that stands still would keep the process for ever. */
export const closeGraceMs = 5_000;

/** Statements of the program's own on one connection of an engine, in a transaction where one is begun. */
export interface OwnSession extends SqlSession {
  /** READ COMMITTED, whatever the login's own default is. */
  begin(): Promise<void>;
  /** Rejects as `EngineTransaction.commit` does. */
  commit(): Promise<void>;
  /** Never rejects: a connection that cannot roll back is thrown away, which does. */
  rollback(): Promise<void>;
}

/** The connections of an engine to one database. */
export interface OwnConnections {
  /** As `SqlDatabase` has it. */
  readonly holdUp?: TenantryError | undefined;
  /** Runs `work` on a connection of its own. */
  use<T>(work: (session: OwnSession) => Promise<T>): Promise<T>;
  /** Waits for what runs, but no longer than `closeGraceMs`; that fails then. */
  close(): Promise<void>;
}

/** A database for the program's own work, over an engine's connections to it. */
export function ownDatabase(connections: OwnConnections): SqlDatabase {
  return {
    get holdUp() {
      return connections.holdUp;
    },
    query: (statement) => connections.use((session) => session.query(statement)),
    run: (file, parameters) => connections.use((session) => session.run(file, parameters)),
    script: (file) => connections.use((session) => session.script(file)),
    transaction: (work) => connections.use((session) => inTransaction(session, work)),
    close: () => connections.close(),
  };
}

async function inTransaction<T>(session: OwnSession, work: (session: SqlSession) => Promise<T>): Promise<T> {
  await session.begin();
  let result: T;
  try {
    result = await work(session);
  } catch (error) {
    await session.rollback();
    throw error;
  }
  await session.commit();
  return result;
}
