import { TenantryError } from '../../src/core/errors.ts';

/** What a shard or a map may be called. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
/** The same in words. */
export const nameRule = "1 to 63 letters, digits, '_', '.' or '-', the first a letter or digit";
const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|\/.+)$/;

/** Throws INVALID_REQUEST where a shard or a map cannot have that name. */
export function requireName(what: string, name: string): void {
  if (namePattern.test(name)) return;
  throw new TenantryError('INVALID_REQUEST', `The name of a ${what} is ${nameRule}; ${JSON.stringify(name)} is not.`);
}

/** Throws INVALID_REQUEST for what is no host name, address or socket directory. */
export function requireHost(host: string): void {
  if (hostPattern.test(host)) return;
  throw new TenantryError(
    'INVALID_REQUEST',
    `A host is a name such as db1.example.com, an IP address, or the directory of a socket; ${JSON.stringify(host)} is not.`,
  );
}
