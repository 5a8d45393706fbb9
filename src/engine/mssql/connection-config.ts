import { isIP } from 'node:net';
import type mssql from 'mssql';
import type { ShardAddress } from '../../core/shard-address.ts';
import type { Authentication } from './authentication.ts';

/** Most routed statements with their parameters are one packet of this size, and fit one TLS record. */
const packetBytes = 16_384;
/** Milliseconds that the server may take to acknowledge an attention before the connection is given up. */
const cancelGraceMs = 5_000;

/** What differs between connections for tenants and for the program's own work. */
export interface ConnectionSettings {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Is shown the driver's connection before it connects. */
  readonly beforeConnect: (connection: mssql.Connection) => void;
}

/** What the driver needs to reach a database as somebody. No environment variable and no connection string decides where it goes. */
export function connectionConfig(address: ShardAddress, authentication: Authentication, settings: ConnectionSettings): mssql.config {
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
      encrypt: address.tls !== 'disable',
      trustServerCertificate: address.tls === 'require',
      // A name to indicate is no number (RFC 6066, section 3).
      ...(isIP(address.host) === 0 ? { serverName: address.host } : {}),
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
