import { TenantryError } from '../src/core/errors.ts';
import { isHostName } from '../src/core/host-name.ts';

/** What a shard or a map may be called. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
/** The same in words. */
export const nameRule = "1 to 63 letters, digits, '_', '.' or '-', the first a letter or digit";

/** What a map may call its tenant: what a tenant column can be called on every engine without being quoted. */
export const contextPattern = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
/** The same in words. */
export const contextRule = 'a name of 1 to 63 letters, digits or _, the first no digit';

/** Why a name was not found, and which there are. */
export function noneOfThatName(what: string, name: string, names: readonly string[]): TenantryError {
  const others = names.length === 0 ? 'is none yet' : `${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
  return new TenantryError('NOT_FOUND', `There is no ${what} ${name}; there ${others}.`);
}

/** Throws INVALID_REQUEST where a shard or a map cannot have that name. */
export function requireName(what: string, name: string): void {
  if (namePattern.test(name)) return;
  throw new TenantryError('INVALID_REQUEST', `The name of a ${what} is ${nameRule}; ${JSON.stringify(name)} is not.`);
}

/** Throws INVALID_REQUEST where a map cannot call its tenant that. */
export function requireContext(context: string): void {
  if (contextPattern.test(context)) return;
  const detail = `The context of a shard map is what the tenant is called, such as TenantId: ${contextRule}; ${JSON.stringify(context)} is not.`;
  throw new TenantryError('INVALID_REQUEST', detail);
}

/** Throws INVALID_REQUEST for what is no host name or address. */
export function requireHost(host: string): void {
  if (isHostName(host)) return;
  throw new TenantryError(
    'INVALID_REQUEST',
    `A host is a name such as db1.example.com, or an IP address; ${JSON.stringify(host)} is neither.`,
  );
}
