import { isIP } from 'node:net';
import type { ConnectionConfiguration } from 'tedious';
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

/** Who connects, and which servers are believed. */
export interface ConnectionIdentity {
  readonly authentication: Authentication;
  readonly trust: ServerTrust | undefined;
}

/** What the driver needs to reach a database as somebody. No environment variable and no connection string decides where it goes. */
export function connectionConfig(
  address: ShardAddress,
  { authentication, trust }: ConnectionIdentity,
  connectTimeoutMs: number,
): ConnectionConfiguration {
  return {
    server: address.host,
    authentication,
    options: {
      ...encryption(address, trust),
      port: address.port,
      database: address.database,
      multiSubnetFailover: isIP(address.host) === 0,
      connectTimeout: connectTimeoutMs,
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
function encryption({ tls, host }: ShardAddress, trust: ServerTrust | undefined): NonNullable<ConnectionConfiguration['options']> {
  const name = certifiedName(host, trust);
  return {
    encrypt: tls === 'strict' ? 'strict' : tls !== 'disable',
    trustServerCertificate: !verifiesServer(tls),
    ...(name === host ? {} : { serverName: name }),
    ...(trust?.ca === undefined ? {} : { cryptoCredentialsDetails: { ca: trust.ca } }),
  };
}
