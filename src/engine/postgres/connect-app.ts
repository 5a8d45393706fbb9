import type pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import { defaultLimits } from '../../core/limits.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { connectFailure } from '../connect-failure.ts';
import type { ConnectionExpectations } from '../engine.ts';
import { verifyShard } from '../verify-shard.ts';
import { clientConfig, sessionOptions, streamOf } from './client-config.ts';
import { fingerprintFunction } from './fingerprint-function.ts';
import { PostgresOwnSession } from './own-session.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { policyMarks } from './policy-renderer.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { lacksSchema, toConnectError, toEngineError } from './postgres-errors.ts';
import type { QueryLibrary } from './query-library.ts';
import { postgresCapabilities, ServerClient } from './server-version.ts';
import { WireClient } from './wire-client.ts';

/** Settings that a reset goes back to, whatever the role's or the database's own defaults are. */
const startupOptions = [
  'default_transaction_isolation=read\\ committed',
  'default_transaction_read_only=off',
  'default_transaction_deferrable=off',
  // A service whose machine is gone closes nothing: its transactions would keep their mappings' locks for the two hours of TCP.
  'tcp_keepalives_idle=30',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
]
  .map((setting) => `-c ${setting}`)
  .concat(sessionOptions)
  .join(' ');

/** The program's own timers come first: they know whose wish it was. The server's are for a program that stands still. */
const backstopMs = 1_000;

/** What connections for tenant traffic are made with. */
export interface AppConnectionOptions {
  readonly library: QueryLibrary;
  readonly clock: Clock;
}

/** Opens and verifies a connection as `app`. Throws SHARD_UNAVAILABLE, OVERLOADED or SHARD_UNVERIFIED; `signal` gives up. */
export async function connectApp(
  address: ShardAddress,
  login: Login,
  expected: ConnectionExpectations,
  options: AppConnectionOptions,
  signal?: AbortSignal,
): Promise<PostgresConnection> {
  if (signal?.aborted === true) throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up.');
  const config = clientConfig(address, login);
  const limits = { ...defaultLimits, ...expected.limits };
  const client = new ServerClient({
    ...config,
    pipeline: true,
    options: startupOptions,
    statement_timeout: limits.statementTimeoutMs + backstopMs,
    idle_in_transaction_session_timeout: limits.transactionTimeoutMs + backstopMs,
  });
  // Failures reach the calls below; without a listener pg's event would end the process besides.
  client.on('error', () => undefined);
  let gaveUp = false;
  const giveUp = (): void => {
    gaveUp = true;
    streamOf(client).destroy();
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await client.connect().catch((error: unknown) => {
      throw toConnectError(error, address, login);
    });
    client.requireKnownVersion('SHARD_UNVERIFIED');
    const session = new PostgresOwnSession(client, options.library);
    // Everything is asked at once, and costs one round trip.
    const verified = verifyShard(
      session,
      { dialect: postgresDialect, capabilitiesOf: postgresCapabilities, lacksSchema, policyMarks, fingerprintFunction, pipelines: true },
      expected,
    );
    const sessionCode = hasSessionCode(session);
    await Promise.allSettled([verified, sessionCode]);
    const capabilities = await verified;
    client.endPipeline();
    const target = { host: address.host, port: address.port, tls: tlsOf(config), direct: config.sslnegotiation === 'direct' };
    return new PostgresConnection(new WireClient(client, target, options.clock, limits.answerBytes), {
      capabilities,
      callsMayCommit: client.callsMayCommit,
      leastResidue: (await sessionCode) ? 'resettable' : 'none',
    });
  } catch (error) {
    streamOf(client).destroy();
    throw connectFailure(toEngineError(error), gaveUp);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** Whether code of the database may leave something in a session behind a statement's back: then every use of it ends with a reset. */
async function hasSessionCode(session: PostgresOwnSession): Promise<boolean> {
  return (await session.run('policy/session-code')).rows.length > 0;
}

function tlsOf({ ssl }: pg.ClientConfig): Exclude<pg.ClientConfig['ssl'], boolean | undefined> | false {
  return ssl === undefined || typeof ssl === 'boolean' ? false : ssl;
}
