import type { Socket } from 'node:net';
import type { Connection } from 'tedious';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { authenticationOf } from './authentication.ts';
import { connectionConfig } from './connection-config.ts';
import { toLoginError, type ServerError } from './mssql-errors.ts';
import { EncryptionRefused, ForeignServer, unreachable } from '../unreachable.ts';
import { requireMembers } from './driver-members.ts';
import { loadDriver } from './driver.ts';
import { HeldConnection } from './held-connection.ts';
import { boundPackets } from './packet-sizes.ts';

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
  const driver = await loadDriver();
  const endsAt = clock.now() + timeoutMs;
  const authentication = await authenticationOf(login, address, { clock, timeoutMs, signal });
  const identity = { authentication, trust: login.trust };
  const attempt = new Attempt(new driver.Connection(connectionConfig(address, identity, Math.max(1, endsAt - clock.now()))));
  const giveUp = (): void => attempt.giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal?.aborted === true) throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.');
    return new HeldConnection(driver, await attempt.open());
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

/** One login. */
class Attempt {
  readonly #connection: Connection;
  /** The driver's error of a login has no number: what the server said is listened to instead. */
  refusal: ServerError | undefined;
  /** What the first answer said of the server, where it is the wrong one. */
  failure: Error | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async open(): Promise<Connection> {
    const connection = this.#connection;
    requireMembers(connection, 'at first');
    boundPackets(connection);
    listenToFirstAnswer(connection, (failure) => {
      this.failure = failure;
      this.giveUp();
    });
    const listen = ({ number, class: severity }: { readonly number: number; readonly class: number }): void => {
      this.refusal = { number, class: severity, message: '' };
    };
    connection.on('errorMessage', listen);
    // A connection that is lost is found closed by whoever uses it; without a listener the driver's event would end the process besides.
    connection.on('error', () => undefined);
    await connected(connection);
    connection.off('errorMessage', listen);
    requireMembers(connection, 'logged in');
    return connection;
  }

  giveUp(): void {
    this.#connection.close();
  }
}

/** Settles also where the connection is closed meanwhile. */
function connected(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) =>
    connection.connect((error) => (error === undefined || error === null ? resolve() : reject(error))),
  );
}

/** The part of the driver's connection that its types keep to themselves (tedious 20). */
interface LoginInternals {
  readonly socket: Socket;
  sendPreLogin(): void;
}

/** First byte of an answer (MS-TDS 2.2.3.1.1, tabular result). */
const answerByte = 0x04;

/** The driver would take any first bytes for the length of a packet, and wait for its end. */
function listenToFirstAnswer(connection: Connection, failed: (error: Error) => void): void {
  const internals = connection as unknown as LoginInternals;
  const send = internals.sendPreLogin.bind(internals);
  internals.sendPreLogin = () => {
    internals.socket.once('data', (bytes: Buffer) => {
      if (bytes[0] !== answerByte) failed(new ForeignServer('The first byte of the answer is not that of TDS.'));
    });
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
  return error instanceof AggregateError ? error.errors.filter((each) => each instanceof Error) : [];
}
