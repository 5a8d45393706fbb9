import { isIP } from 'node:net';
import type mssql from 'mssql';
import { certifiedName, type ServerTrust } from '../../core/server-trust.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { verifiesServer } from '../../core/tls-mode.ts';
import type { Authentication } from './authentication.ts';

/**
 * A message that begins a use of a connection should be one packet, else its reset is a message of its own (`fitsOnePacket`). In
 * one of the default 4,096 bytes that is a statement of some 300 characters, in one of this of some 2,000. Microsoft advises
 * against more without need, and encrypted connections have no more than 16,383 ("Configure the network packet size Server
 * Configuration Option").
 */
const packetBytes = 8_000;
/** Milliseconds that the server may take to acknowledge an attention before the connection is given up. */
const cancelGraceMs = 5_000;

/** What differs between connections for tenants and for the program's own work. */
export interface ConnectionSettings {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Is shown the driver's connection before it connects. */
  readonly beforeConnect: (connection: mssql.Connection) => void;
}

/** Who connects, and which servers are believed. */
export interface ConnectionIdentity {
  readonly authentication: Authentication;
  readonly trust: ServerTrust | undefined;
}

/** What the driver needs to reach a database as somebody. No environment variable and no connection string decides where it goes. */
export function connectionConfig(
  address: ShardAddress,
  { authentication, trust }: ConnectionIdentity,
  settings: ConnectionSettings,
): mssql.config {
  return {
    server: address.host,
    port: address.port,
    database: address.database,
    authentication,
    beforeConnect: settings.beforeConnect,
    // The driver would ask SELECT 1 before every request.
    validateConnection: false,
    // Its own pool never closes what is idle: Tenantry's do.
    pool: { min: settings.connections, max: settings.connections, idleTimeoutMillis: 2 ** 31 - 1, reapIntervalMillis: 2 ** 31 - 1 },
    options: {
      ...encryption(address, trust),
      multiSubnetFailover: isIP(address.host) === 0,
      connectTimeout: settings.connectTimeoutMs,
      // Timers of Tenantry's own: the driver's stops at the first packet of an answer.
      requestTimeout: 0,
      cancelTimeout: cancelGraceMs,
      maxRetriesOnTransientErrors: 0,
      packetSize: packetBytes,
      appName: 'tenantry',
      language: 'us_english',
      abortTransactionOnError: true,
      lowerCaseGuids: true,
      useUTC: true,
    },
  };
}

/**
 * Without a name of its own the driver holds the certificate against the host, and against the new one where Azure SQL sends
 * the login elsewhere; by `strict` it always verifies.
 */
function encryption({ tls, host }: ShardAddress, trust: ServerTrust | undefined): NonNullable<mssql.config['options']> {
  const name = certifiedName(host, trust);
  return {
    encrypt: tls === 'strict' ? 'strict' : tls !== 'disable',
    trustServerCertificate: !verifiesServer(tls),
    ...(name === host ? {} : { serverName: name }),
    ...(trust?.ca === undefined ? {} : { cryptoCredentialsDetails: { ca: trust.ca } }),
  };
}
