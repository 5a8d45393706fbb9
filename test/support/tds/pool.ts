import mssql from 'mssql';
import type { TdsServer } from './server.ts';

/** What a test sets of `mssql`; its types do not know all of it. */
export interface DriverSettings {
  readonly pool?: object;
  readonly options?: object;
  readonly [setting: string]: unknown;
}

/**
 * Opens a pool of `mssql` with one connection, without encryption: a client that is not the engine. Without a listener its `error` would
 * end the process.
 */
export async function openPool(
  server: TdsServer,
  { pool: poolOptions, options, ...rest }: DriverSettings = {},
): Promise<mssql.ConnectionPool> {
  const pool = new mssql.ConnectionPool({
    server: server.host,
    port: server.port,
    user: 'someone',
    password: 'not for the record',
    database: 'shard',
    validateConnection: false,
    pool: { max: 1, min: 0, ...poolOptions },
    options: { encrypt: false, ...options },
    ...rest,
  });
  pool.on('error', () => undefined);
  return await pool.connect();
}

/** The connection of tedious in such a pool. */
interface TediousConnection {
  readonly closed: boolean;
  readonly hasError?: boolean;
  readonly state: unknown;
  readonly STATE: { readonly LOGGED_IN: unknown };
  resetConnectionOnNextRequest: boolean;
}

/** Pool options that ask for a reset whenever a connection is taken. */
export const resetWhenTaken = {
  validate: (connection: TediousConnection): boolean => {
    if (connection.closed || connection.hasError === true || connection.state !== connection.STATE.LOGGED_IN) return false;
    connection.resetConnectionOnNextRequest = true;
    return true;
  },
};
