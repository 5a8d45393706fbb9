import type { ConnectionConfiguration } from 'tedious';
import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../core/deadline.ts';
import type { EntraCredential } from '../../core/entra-credential.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { verifiesServer } from '../../core/tls-mode.ts';
import { passwordOf } from '../password-of.ts';
import { entraCredential } from './entra-credential.ts';

/** How the driver is told to log in (tedious' own types). */
export type Authentication = NonNullable<ConnectionConfiguration['authentication']>;

/** What bounds the wait for a token. */
export interface AuthenticationLimits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How one connection logs in. Throws INVALID_CONFIGURATION where a token would go to a server that did not prove who it is,
 * and SHARD_UNAVAILABLE where none was given.
 */
export async function authenticationOf(login: Login, { tls }: ShardAddress, limits: AuthenticationLimits): Promise<Authentication> {
  const { user, entra } = login;
  if (entra === undefined) return { type: 'default', options: { userName: user, password: passwordOf(login) } };
  // Whoever gets a token can use it: it is no password that only its own server takes.
  if (!verifiesServer(tls))
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      `The login ${user} is by Entra ID, and its address says sslmode=${tls}; a token is sent with verify-full or strict alone.`,
    );
  return await entraAuthentication(entra, user, limits);
}

async function entraAuthentication(entra: EntraCredential, user: string, limits: AuthenticationLimits): Promise<Authentication> {
  if (entra.kind === 'token')
    return { type: 'azure-active-directory-access-token', options: { token: await tokenOf(entra.token, user, limits) } };
  return { type: 'token-credential', options: { credential: await entraCredential(entra, user) } };
}

/** What the function throws may quote a secret: only its name is told. */
async function tokenOf(give: () => string | Promise<string>, user: string, limits: AuthenticationLimits): Promise<string> {
  const failed = (why: string): TenantryError =>
    new TenantryError('SHARD_UNAVAILABLE', `There is no access token for the login ${user}: ${why}.`);
  const given = async (): Promise<string> => {
    try {
      return await give();
    } catch (error) {
      throw failed(`the function that gives it failed (${error instanceof Error ? error.name : typeof error})`);
    }
  };
  const deadline = new Deadline(limits.clock, limits.timeoutMs, limits.signal);
  const token = await deadline.bound('The wait for an access token', given).catch((error: unknown) => {
    if (error instanceof TenantryError && error.code === 'SHARD_UNAVAILABLE') throw error;
    throw new TenantryError('SHARD_UNAVAILABLE', 'Connecting was given up while an access token was waited for.');
  });
  if (typeof token !== 'string' || token === '') throw failed('the function that gives it gave none');
  return token;
}
