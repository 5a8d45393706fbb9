import type { Socket } from 'node:net';
import type mssql from 'mssql';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { authenticationOf } from './authentication.ts';
import { connectionConfig, type ConnectionIdentity } from './connection-config.ts';
import { toLoginError, type ServerError } from './mssql-errors.ts';
import { EncryptionRefused, ForeignServer, unreachable } from '../unreachable.ts';
import { requireMembers } from './driver-members.ts';
import { HeldConnection, type Driver, type DriverConnection } from './held-connection.ts';

/** How a connection is opened. */
export interface LoginOptions {
  readonly clock: Clock;
  /** Milliseconds for all of it, an access token included. */
  readonly timeoutMs: number;
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined;
}

/** Logs in. Throws SHARD_UNAVAILABLE or OVERLOADED, with what the server said of the login. */
export async function logIn(address: ShardAddress, login: Login, { clock, timeoutMs, signal }: LoginOptions): Promise<HeldConnection> {
  const { default: driver } = await import('mssql');
  const endsAt = clock.now() + timeoutMs;
  const authentication = await authenticationOf(login, address, { clock, timeoutMs, signal });
  const attempt = new Attempt(driver, address, { authentication, trust: login.trust }, Math.max(1, endsAt - clock.now()));
  const giveUp = (): void => attempt.giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal?.aborted === true) throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.');
    return await attempt.open();
  } catch (error) {
    attempt.giveUp();
    if (signal?.aborted === true) throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.', { cause: error });
    throw loginFailure(error, attempt, address, login);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

function loginFailure(error: unknown, { refusal, failure }: Attempt, address: ShardAddress, login: Login): TenantryError {
  if (refusal !== undefined) return toLoginError(refusal);
  if (error instanceof TenantryError) return error;
  const why = isEncryptionRefused(error) ? new EncryptionRefused('The server and its address do not agree on encryption.') : failure;
  return withoutToken(error, login) ?? unreachable(why ?? error, { kind: 'SQL Server', address, trust: login.trust });
}

/** One login. The driver makes a connection to try the address, closes it and makes another: the second is the one that stays. */
class Attempt {
  readonly #driver: Driver;
  readonly #pool: mssql.ConnectionPool;
  readonly #connections: DriverConnection[] = [];
  /** The driver's error of a login has no number: what the server said is listened to instead. */
  refusal: ServerError | undefined;
  /** What the first answer said of the server, where it is the wrong one. */
  failure: Error | undefined;
  #opened = false;

  constructor(driver: Driver, address: ShardAddress, identity: ConnectionIdentity, connectTimeoutMs: number) {
    this.#driver = driver;
    this.#pool = new driver.ConnectionPool(
      connectionConfig(address, identity, {
        connections: 1,
        connectTimeoutMs,
        beforeConnect: (connection) => this.#watch(connection),
      }),
    );
    // Failures reach the calls; without a listener the driver's event would end the process besides.
    this.#pool.on('error', () => undefined);
  }

  async open(): Promise<HeldConnection> {
    await this.#pool.connect();
    const held = await HeldConnection.take(this.#driver, this.#pool);
    requireMembers(held.connection, 'logged in');
    this.#opened = true;
    return held;
  }

  giveUp(): void {
    for (const connection of this.#connections) connection.close();
  }

  #watch(connection: DriverConnection): void {
    this.#connections.push(connection);
    requireMembers(connection, 'at first');
    loginInSmallPackets(connection);
    listenToFirstAnswer(connection, (failure) => {
      this.failure = failure;
      this.giveUp();
    });
    connection.on('errorMessage', ({ number, class: severity }) => {
      if (!this.#opened) this.refusal = { number, class: severity, message: '' };
    });
  }
}

/** Bytes of a packet until the server has said how many it takes. */
const loginPacketBytes = 4_096;

/** The part of the driver's connection that its types keep to themselves (tedious 20). */
interface LoginInternals {
  readonly messageIo: { packetSize(bytes: number): number };
  readonly socket: Socket;
  sendPreLogin(): void;
  sendLogin7Packet(): void;
}

/** First byte of an answer (MS-TDS 2.2.3.1.1, tabular result). */
const answerByte = 0x04;

/** The driver would take any first bytes for the length of a packet, and wait for its end. */
function listenToFirstAnswer(connection: DriverConnection, failed: (error: Error) => void): void {
  const internals = connection as unknown as LoginInternals;
  const send = internals.sendPreLogin.bind(internals);
  internals.sendPreLogin = () => {
    internals.socket.once('data', (bytes: Buffer) => {
      if (bytes[0] !== answerByte) failed(new ForeignServer('The first byte of the answer is not that of TDS.'));
    });
    send();
  };
}

/** The driver uses the size that it asks for from the first packet on; a login with a token is longer than what a server takes by then. */
function loginInSmallPackets(connection: DriverConnection): void {
  const internals = connection as unknown as LoginInternals;
  const send = internals.sendLogin7Packet.bind(internals);
  internals.sendLogin7Packet = () => {
    internals.messageIo.packetSize(loginPacketBytes);
    send();
  };
}

/**
 * What Entra ID, or who speaks to it, said instead of giving a token. Its own errors may hold requests with their secrets: of
 * their text only the number is told, as Microsoft documents it.
 */
function withoutToken(error: unknown, { user, entra }: Login): TenantryError | undefined {
  const [failure, cause] = aggregated(error);
  if (failure?.code !== 'EFEDAUTH' || entra === undefined) return undefined;
  const number = /\bAADSTS\d+\b/.exec(cause?.message ?? '')?.[0];
  const why = [cause?.name, number].filter((part) => part !== undefined).join(', ');
  return new TenantryError(
    'SHARD_UNAVAILABLE',
    `There is no access token for the login ${user} (entra: ${entra.kind})${why === '' ? '' : `: ${why}`}.`,
  );
}

/** tedious' own code. */
function isEncryptionRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EENCRYPT';
}

/** The errors within the driver's error of a login. */
function aggregated(error: unknown): readonly (Error & { readonly code?: unknown })[] {
  const inner = error instanceof Error && 'originalError' in error ? error.originalError : error;
  return inner instanceof AggregateError ? inner.errors.filter((each) => each instanceof Error) : [];
}
