import pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import type { Login } from '../../core/principal.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import type { OpenOptions } from '../engine.ts';
import { closeGraceMs, openDefaults, ownDatabase, type OwnConnections, type OwnSession } from '../own-database.ts';
import { clientConfig, serverNamesOptions, streamOf } from './client-config.ts';
import { PostgresOwnSession } from './own-session.ts';
import { toConnectError } from './postgres-errors.ts';
import { ownTypes } from './postgres-types.ts';
import type { QueryLibrary } from './query-library.ts';
import { ServerClient } from './server-version.ts';

/** What a database for the program's own work is opened with. */
interface DatabaseDependencies {
  readonly library: QueryLibrary;
  readonly clock: Clock;
}

/** Milliseconds that the server is left to end a statement itself, and to say so: where it does not, nobody knows what became of it. */
const leewayMs = 1_000;

/** One database for the program's own work, over a few connections opened when first used. */
export function openPostgresDatabase(
  address: ShardAddress,
  login: Login,
  dependencies: DatabaseDependencies,
  options: OpenOptions = {},
): SqlDatabase {
  const { serverNamesOnly = false } = options;
  return ownDatabase(new PostgresConnections(createPool(address, login, options), { ...dependencies, address, login, serverNamesOnly }));
}

function createPool(address: ShardAddress, login: Login, options: OpenOptions): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(address, login),
    ...(options.serverNamesOnly === true ? { options: serverNamesOptions } : {}),
    Client: ServerClient,
    // What is sent without waiting for answers takes one round trip.
    pipeline: true,
    types: ownTypes(),
    max: options.connections ?? openDefaults.connections,
    connectionTimeoutMillis: options.connectTimeoutMs ?? openDefaults.connectTimeoutMs,
    ...(options.statementTimeoutMs === undefined
      ? {}
      : { statement_timeout: options.statementTimeoutMs, query_timeout: options.statementTimeoutMs + leewayMs }),
    ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: options.lockTimeoutMs }),
    // A program stopped inside a transaction must not hold rows that others wait for.
    idle_in_transaction_session_timeout: 10_000,
    allowExitOnIdle: true,
  });
  // A connection that dies fails the statement it runs, or is dropped by the pool when idle; without listeners pg's event
  // would end the process besides.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

interface ConnectionsDependencies extends DatabaseDependencies {
  readonly address: ShardAddress;
  readonly login: Login;
  readonly serverNamesOnly: boolean;
}

class PostgresConnections implements OwnConnections {
  readonly #pool: pg.Pool;
  readonly #dependencies: ConnectionsDependencies;
  readonly #lent = new Set<pg.PoolClient>();

  constructor(pool: pg.Pool, dependencies: ConnectionsDependencies) {
    this.#pool = pool;
    this.#dependencies = dependencies;
  }

  async use<T>(work: (session: OwnSession) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw toConnectError(error, this.#dependencies.address, this.#dependencies.login);
    });
    const session = new PostgresOwnSession(client, this.#dependencies.library, this.#dependencies);
    this.#lent.add(client);
    try {
      if (client instanceof ServerClient) client.requireKnownVersion('INVALID_CONFIGURATION');
      return await work(session);
    } finally {
      this.#lent.delete(client);
      client.release(session.broken || client.getTransactionStatus() !== 'I');
    }
  }

  async close(): Promise<void> {
    const stopTimer = this.#dependencies.clock.after(closeGraceMs, () => {
      for (const client of this.#lent) streamOf(client).destroy();
    });
    await this.#pool.end().finally(stopTimer);
  }
}
