import { TenantryError } from '../../core/errors.ts';

/** Longer tokens are refused unread. */
const maximumTokenLength = 8_192;

const bearerForm = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * The token of an Authorization header (RFC 6750). Several headers arrive joined by a comma, which no token holds.
 * Throws UNAUTHENTICATED where there is none, or more than one, or it is too long.
 */
export function bearerToken(authorization: string | null): string {
  if (authorization === null) throw new TenantryError('UNAUTHENTICATED', 'Send an access token: Authorization: Bearer <token>.');
  if (authorization.length > maximumTokenLength + 'Bearer '.length) {
    throw new TenantryError('UNAUTHENTICATED', `The token is longer than ${maximumTokenLength} characters.`);
  }
  const token = bearerForm.exec(authorization)?.[1];
  if (token === undefined) throw new TenantryError('UNAUTHENTICATED', 'The Authorization header must be one bearer token.');
  return token;
}
