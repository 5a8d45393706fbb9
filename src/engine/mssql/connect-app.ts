import type { Clock } from '../../core/clock.ts';
import { defaultLimits } from '../../core/limits.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { connectFailure } from '../connect-failure.ts';
import type { ConnectionExpectations } from '../engine.ts';
import { verifyShard } from '../verify-shard.ts';
import { logIn } from './login.ts';
import { MssqlConnection } from './mssql-connection.ts';
import { mssqlCapabilities } from './mssql-capabilities.ts';
import { mssqlDialect } from './mssql-dialect.ts';
import { lacksSchema } from './mssql-errors.ts';
import { fingerprintFunction } from './fingerprint-function.ts';
import { MssqlOwnSession } from './own-session.ts';
import type { QueryLibrary } from './query-library.ts';
import { policyMarks } from './row-function.ts';
import { WireClient } from './wire-client.ts';

/** Milliseconds for a login where nobody gives up earlier. */
const loginTimeoutMs = 120_000;

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
  { library, clock }: AppConnectionOptions,
  signal?: AbortSignal,
): Promise<MssqlConnection> {
  const { answerBytes } = { ...defaultLimits, ...expected.limits };
  const held = await logIn(address, login, { clock, timeoutMs: loginTimeoutMs, signal });
  const wire = new WireClient(held, { clock, answerBytes, bigints: 'text' });
  const giveUp = (): void => wire.discard();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal?.aborted === true) giveUp();
    wire.beginUse();
    const capabilities = await verifyShard(
      new MssqlOwnSession(wire, library),
      { dialect: mssqlDialect, capabilitiesOf: mssqlCapabilities, lacksSchema, policyMarks, fingerprintFunction, pipelines: false },
      expected,
    );
    return new MssqlConnection(wire, capabilities);
  } catch (error) {
    await wire.close();
    throw connectFailure(error, signal?.aborted === true);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}
