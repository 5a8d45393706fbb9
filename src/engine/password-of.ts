import { TenantryError } from '../core/errors.ts';
import type { Login } from '../core/principal.ts';

/** The password of a login, for servers that take nothing else. Throws INVALID_CONFIGURATION where it has none. */
export function passwordOf({ user, password }: Login): string {
  if (password !== undefined) return password;
  throw new TenantryError('INVALID_CONFIGURATION', `The login ${user} has no password, and this server knows no login by Entra ID.`);
}
