import type mssql from 'mssql';
import type { Connection } from 'tedious';
import type { Driver } from './driver.ts';
import type { ParameterType, TypedParameter } from './parameter-types.ts';

/** What a request of the driver's asks of whoever lends it a connection: its pools and transactions do (mssql 12.7). */
interface Lender {
  readonly connected: boolean;
  readonly config: Record<string, never>;
  acquire(request: unknown, callback: (error: null, connection: Connection, config: Record<string, never>) => void): void;
  release(connection: Connection): void;
}

/**
 * One connection, without a pool of the driver's: that would log in twice for it (once to try the address), lend it and take it
 * back for each request, with a timer each time, and put another in its place when it is gone, in the middle of a transaction.
 */
export class HeldConnection {
  readonly connection: Connection;
  readonly #driver: typeof mssql;
  readonly #types = new Map<ParameterType, mssql.ISqlType>();
  readonly #lender: Lender;

  constructor({ mssql: driver }: Driver, connection: Connection) {
    this.#driver = driver;
    this.connection = connection;
    const config = {};
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
