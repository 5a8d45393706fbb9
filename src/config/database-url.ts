import type { Login } from '../core/principal.ts';
import type { ShardAddress } from '../core/shard-address.ts';
import { isHostName, isLoopback } from '../core/host-name.ts';
import { tlsModes } from '../core/tls-mode.ts';

/** Names of engines, as a configuration and addresses say them. */
export const engineNames = ['postgres', 'mssql'] as const;

/** One of `engineNames`. */
export type EngineName = (typeof engineNames)[number];

interface Scheme {
  readonly protocols: readonly string[];
  readonly port: number;
  /** Its servers know logins by Entra ID. */
  readonly knowsEntra: boolean;
}

const schemes: Readonly<Record<EngineName, Scheme>> = {
  postgres: { protocols: ['postgres:', 'postgresql:'], port: 5432, knowsEntra: false },
  mssql: { protocols: ['mssql:'], port: 1433, knowsEntra: true },
};

/** An address whose engine is known to the configuration. */
export type CatalogAddress = ShardAddress & { readonly engine: EngineName };

/** What a database URL says, or the reason it is refused: a sentence that repeats no part of the URL. */
export type DatabaseUrl = { readonly address: CatalogAddress; readonly login: Login } | { readonly problem: string };

/**
 * Reads `postgres://user:password@host:port/database?sslmode=disable|require|verify-full|strict`. Everything but the port is
 * needed, nothing else is accepted; a password only where one is said to be. Without `sslmode`: `verify-full`, and `disable`
 * for a loopback host.
 */
export function parseDatabaseUrl(engine: EngineName, text: string, secret: 'password' | 'no password' = 'password'): DatabaseUrl {
  const scheme = schemes[engine];
  const url = URL.parse(text);
  if (url === null || !scheme.protocols.includes(url.protocol)) {
    return {
      problem: `is not a URL of the form ${urlForm(engine, secret)} (other characters than letters and digits in user and password are percent-encoded)`,
    };
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(percentDecoded);
  const tls = tlsMode(url, host);
  if (user === undefined || user === '') return { problem: 'needs a user name, percent-encoded where it is not letters and digits' };
  if (secret === 'no password' && url.password !== '')
    return { problem: 'has a password, and the login is by entra: leave one of them out' };
  if (secret === 'password' && (password === undefined || password === ''))
    return { problem: 'needs a password, percent-encoded where it is not letters and digits' };
  if (!isHostName(host)) return { problem: 'has a host that is neither a host name nor an IP address' };
  if (url.port === '0') return { problem: 'has port 0; allowed are 1 to 65535' };
  if (database === undefined || !/^[^/\0]+$/.test(database)) return { problem: 'needs the name of one database after the host' };
  if (url.hash !== '') return { problem: 'has a part after #, which means nothing here' };
  if (tls === undefined) return { problem: `allows one parameter, sslmode, which is one of ${tlsModes.join(', ')}` };
  const port = url.port === '' ? scheme.port : Number(url.port);
  return {
    address: { engine, host, port, database, tls },
    login: secret === 'password' && password !== undefined ? { user, password } : { user },
  };
}

/** The engine that a URL's scheme names; undefined where it names none. */
export function engineOfUrl(text: string): EngineName | undefined {
  const protocol = URL.parse(text)?.protocol;
  return engineNames.find((engine) => schemes[engine].protocols.some((each) => each === protocol));
}

/** How the URL of an engine's database looks. */
export function urlForm(engine: EngineName, secret: 'password' | 'no password' = 'password'): string {
  return `${schemes[engine].protocols[0]}//user${secret === 'password' ? ':password' : ''}@host:port/database?sslmode=verify-full`;
}

/** The TLS mode used where none is said: the check of certificate and name, except on this machine. */
export function defaultTls(host: string): ShardAddress['tls'] {
  return isLoopback(host) ? 'disable' : 'verify-full';
}

/** The port that servers of an engine listen on where none is said. */
export function defaultPort(engine: EngineName): number {
  return schemes[engine].port;
}

/** Whether the servers of an engine know logins by Entra ID. */
export function knowsEntra(engine: EngineName): boolean {
  return schemes[engine].knowsEntra;
}

function tlsMode(url: URL, host: string): ShardAddress['tls'] | undefined {
  const parameters = [...url.searchParams];
  if (parameters.length === 0) return defaultTls(host);
  const [name, value] = parameters[0] ?? [];
  return parameters.length === 1 && name === 'sslmode' ? tlsModes.find((mode) => mode === value) : undefined;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a lone % is the one thing that can fail here: reported as that part being absent
  }
}
