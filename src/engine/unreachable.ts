import { TenantryError } from '../core/errors.ts';
import { certifiedName, type ServerTrust } from '../core/server-trust.ts';
import type { ShardAddress } from '../core/shard-address.ts';

/** Whom a connection was meant for. */
export interface Destination {
  /** What servers of the engine are called: `SQL Server`. */
  readonly kind: string;
  readonly address: ShardAddress;
  readonly trust: ServerTrust | undefined;
}

/** What answered was something else. */
export class ForeignServer extends Error {
  override readonly name = 'ForeignServer';
}

/** The server does not encrypt, or does nothing else. */
export class EncryptionRefused extends Error {
  override readonly name = 'EncryptionRefused';
}

/** SHARD_UNAVAILABLE, with the reason where it is known: messages of sockets name hosts and ports, never rows. */
export function unreachable(error: unknown, destination: Destination): TenantryError {
  const cause = error instanceof Error ? error : new Error('The connection failed.');
  const problem = within(cause)
    .map((each) => problemOf(each, destination))
    .find((text) => text !== undefined);
  return new TenantryError('SHARD_UNAVAILABLE', problem, { cause });
}

type Coded = Error & { readonly code?: unknown };

/** An error and those that it wraps, whichever way drivers do that, the outermost first. */
function within(error: Error): readonly Coded[] {
  const inner: unknown[] = [
    'originalError' in error ? error.originalError : undefined,
    error.cause,
    ...(error instanceof AggregateError ? (error.errors as readonly unknown[]) : []),
  ];
  return [error, ...inner.filter((each) => each instanceof Error && each !== error).flatMap((each) => within(each as Error))];
}

/** OpenSSL's results of a verification that have to do with who signed. */
const untrusted: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

function problemOf(error: Coded, { kind, address, trust }: Destination): string | undefined {
  const { code, message } = error;
  const { host, port, tls } = address;
  const place = `${host}:${port}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `The certificate of ${place} is for another name than ${certifiedName(host, trust)}; tls.serverNames can say which it has.`;
  if (code === 'CERT_HAS_EXPIRED') return `The certificate of ${place} has expired.`;
  if (code === 'CERT_NOT_YET_VALID') return `The certificate of ${place} is not valid yet.`;
  if (untrusted.has(code)) return `The certificate of ${place} is of an authority that is not trusted here; tls.ca can name it.`;
  if (error instanceof EncryptionRefused)
    return tls === 'disable'
      ? `The server at ${place} takes encrypted connections alone, and its address says disable.`
      : `The server at ${place} does not encrypt, and its address says ${tls}.`;
  if (isBeforeTls(error))
    return tls === 'strict'
      ? `What is at ${place} does not begin with TLS, as strict wants it: SQL Server 2022, Azure SQL and PostgreSQL 17 do, for others there is verify-full.`
      : `What is at ${place} does not encrypt as ${kind} does.`;
  if (error instanceof ForeignServer) return `What answers at ${place} is no ${kind}.`;
  if (code === 'ECONNREFUSED') return `Nothing listens at ${place}.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `The name ${host} is not known here.`;
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return `There is no way to ${host} from here.`;
  if (code === 'ETIMEDOUT' || code === 'ETIMEOUT' || /timeout expired|connection timeout/.test(message))
    return `What is at ${place} did not answer as ${kind} does in time.`;
  if (code === 'ECONNRESET' || code === 'EPIPE' || message === 'Connection terminated unexpectedly')
    return `What is at ${place} closed the connection before it had let anybody in: it is no ${kind}, or is going down.`;
  return undefined;
}

/** A handshake that never came about: Node has no code of its own for the first of these. */
function isBeforeTls({ code, message }: Coded): boolean {
  return message.includes('before secure TLS connection was established') || code === 'EPROTO' || String(code).startsWith('ERR_SSL_');
}
