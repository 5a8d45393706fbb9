import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import type { Login } from '../../core/principal.ts';
import { certifiedName, type ServerTrust } from '../../core/server-trust.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { verifiesServer } from '../../core/tls-mode.ts';
import { passwordOf } from '../password-of.ts';
import { postgresDialect } from './postgres-dialect.ts';

const sameForAll = {
  client_min_messages: 'notice',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
} as const;

/**
 * Whatever a role's or a database's own settings say: tables that tenants' statements name without a schema are those that
 * policies protect, and the server writes policies back in the one form that the gate knows. A notice tells that a commit was
 * not awaited on its standby: one that is not sent would make it look safe. The text of a statement means what it says by the
 * standard: a backslash in it is one, and a comparison with null is true of nothing.
 */
export const sessionOptions = optionsOf(postgresDialect.defaultSchema);

/** The search path by which a name without a schema is the server's own. */
export const serverNames = searchPath('pg_catalog');

/** Where every such name of a connection is (`OpenOptions.serverNamesOnly`). */
export const serverNamesOptions = optionsOf('pg_catalog');

/**
 * What pg needs to reach a database as somebody. Nothing of pg's own environment variables decides where it goes. Throws
 * INVALID_CONFIGURATION for a login without a password.
 */
export function clientConfig(address: ShardAddress, login: Login): pg.ClientConfig {
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: login.user,
    password: passwordOf(login),
    ssl: encryption(address, login.trust),
    sslnegotiation: address.tls === 'strict' ? 'direct' : 'postgres',
    keepAlive: true,
    application_name: 'tenantry',
    options: sessionOptions,
  };
}

function optionsOf(schema: string): string {
  const settings = { search_path: searchPath(schema), ...sameForAll };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** Without spaces, which would end an option. */
function searchPath(schema: string): string {
  return `${schema},pg_temp`;
}

/** pg indicates the host as the server's name, whatever it is told; that says which certificate is wanted, not which is taken. */
function encryption({ tls, host }: ShardAddress, trust: ServerTrust | undefined): ConnectionOptions | false {
  if (tls === 'disable') return false;
  const name = certifiedName(host, trust);
  return {
    rejectUnauthorized: verifiesServer(tls),
    ...(trust?.ca === undefined ? {} : { ca: trust.ca }),
    ...(name === host ? {} : { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) }),
  };
}

/** The socket of a client, which pg keeps to itself: destroying it fails whatever runs. */
export function streamOf(client: pg.Client | pg.PoolClient): { destroy(): unknown } {
  return (client as unknown as { connection: pg.Connection }).connection.stream;
}
