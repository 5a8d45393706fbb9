import type mssql from 'mssql';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { connectionConfig } from './connection-config.ts';
import { mayLogInLater, toLoginError, type ServerError } from './mssql-errors.ts';
import { HeldConnection, type Driver, type DriverConnection } from './held-connection.ts';

/** Milliseconds between two attempts to log in to a database that is waking up. */
const betweenAttemptsMs = 1_000;

/** How a connection is opened. */
export interface LoginOptions {
  readonly clock: Clock;
  /** Milliseconds for all attempts together. */
  readonly timeoutMs: number;
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Logs in. A database that Azure SQL has paused or is moving is asked again until the time is over. Throws SHARD_UNAVAILABLE
 * or OVERLOADED, with what the server said of the login.
 */
export async function logIn(address: ShardAddress, login: Login, options: LoginOptions): Promise<HeldConnection> {
  const { clock, timeoutMs, signal } = options;
  const endsAt = clock.now() + timeoutMs;
  const { default: driver } = await import('mssql');
  for (;;) {
    const attempt = new Attempt(driver, address, login, Math.max(1, endsAt - clock.now()));
    const giveUp = (): void => attempt.giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      if (signal?.aborted === true) throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.');
      return await attempt.open();
    } catch (error) {
      attempt.giveUp();
      const refused = attempt.refusal;
      if (signal?.aborted === true) throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.', { cause: error });
      if (refused === undefined) throw error instanceof TenantryError ? error : unreachable(error);
      if (!mayLogInLater(refused) || clock.now() + betweenAttemptsMs >= endsAt) throw toLoginError(refused);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    await pause(clock, betweenAttemptsMs, signal);
  }
}

/** One login. The driver makes a connection to try the address, closes it and makes another: the second is the one that stays. */
class Attempt {
  readonly #driver: Driver;
  readonly #pool: mssql.ConnectionPool;
  readonly #connections: DriverConnection[] = [];
  /** The driver's error of a login has no number: what the server said is listened to instead. */
  refusal: ServerError | undefined;
  #opened = false;

  constructor(driver: Driver, address: ShardAddress, login: Login, connectTimeoutMs: number) {
    this.#driver = driver;
    this.#pool = new driver.ConnectionPool(
      connectionConfig(address, login, { connections: 1, connectTimeoutMs, beforeConnect: (connection) => this.#watch(connection) }),
    );
    // Failures reach the calls; without a listener the driver's event would end the process besides.
    this.#pool.on('error', () => undefined);
  }

  async open(): Promise<HeldConnection> {
    await this.#pool.connect();
    const held = await HeldConnection.take(this.#driver, this.#pool);
    this.#opened = true;
    return held;
  }

  giveUp(): void {
    for (const connection of this.#connections) connection.close();
  }

  #watch(connection: DriverConnection): void {
    this.#connections.push(connection);
    connection.on('errorMessage', ({ number, class: severity }) => {
      if (!this.#opened) this.refusal = { number, class: severity, message: '' };
    });
  }
}

/** Messages of sockets name hosts and ports, never rows. */
function unreachable(error: unknown): TenantryError {
  return new TenantryError('SHARD_UNAVAILABLE', undefined, { cause: error });
}

/** Ends early where the signal aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(ms, resolve);
    signal?.addEventListener(
      'abort',
      () => {
        stop();
        resolve();
      },
      { once: true },
    );
  });
}
