import type mssql from 'mssql';
import type { ParameterType, TypedParameter } from './parameter-types.ts';

/** The driver, which is loaded with the first connection: it takes longer to load than a command to run. */
export type Driver = typeof mssql;

/** The driver's connection below its pool. */
export type DriverConnection = mssql.Connection;

/** What a request of the driver's asks of whoever lends it a connection: its pools and transactions do (mssql 12.7). */
interface Lender {
  readonly connected: boolean;
  readonly config: mssql.config;
  acquire(request: unknown, callback: (error: null, connection: DriverConnection, config: mssql.config) => void): void;
  release(connection: DriverConnection): void;
}

/** The part of a pool of the driver's that its types leave out. */
interface LendingPool {
  readonly config: mssql.config;
  acquire(requester: unknown): Promise<DriverConnection>;
  release(connection: DriverConnection): void;
}

/**
 * The one connection of a pool of the driver's, taken for good: the pool would lend it and take it back for each request,
 * with a timer each time, and put another in its place when it is gone, in the middle of a transaction.
 */
export class HeldConnection {
  readonly connection: DriverConnection;
  readonly #driver: Driver;
  readonly #pool: mssql.ConnectionPool;
  readonly #types = new Map<ParameterType, mssql.ISqlType>();
  readonly #lender: Lender;

  /** Makes the connection, where the pool has none yet. */
  static async take(driver: Driver, pool: mssql.ConnectionPool): Promise<HeldConnection> {
    return new HeldConnection(driver, pool, await lending(pool).acquire(pool));
  }

  constructor(driver: Driver, pool: mssql.ConnectionPool, connection: DriverConnection) {
    this.#driver = driver;
    this.#pool = pool;
    this.connection = connection;
    const { config } = lending(pool);
    this.#lender = {
      connected: true,
      config,
      acquire: (_, callback) => callback(null, connection, config),
      release: () => undefined,
    };
  }

  request(parameters: readonly TypedParameter[]): mssql.Request {
    const request = new this.#driver.Request(this.#lender as unknown as mssql.ConnectionPool);
    for (const { name, type, value, output } of parameters) {
      if (output === true) request.output(name, this.#typeOf(type), value);
      else request.input(name, this.#typeOf(type), value);
    }
    return request;
  }

  /** Resolves once the socket is gone here. */
  async close(): Promise<void> {
    this.connection.close();
    if (!this.#pool.connected) return;
    lending(this.#pool).release(this.connection);
    await this.#pool.close();
  }

  #typeOf(type: ParameterType): mssql.ISqlType {
    let made = this.#types.get(type);
    if (made === undefined) {
      const { driverName, argument } = type;
      made = this.#driver[driverName](argument === Infinity ? this.#driver.MAX : argument);
      this.#types.set(type, made);
    }
    return made;
  }
}

function lending(pool: mssql.ConnectionPool): LendingPool {
  return pool as unknown as LendingPool;
}
