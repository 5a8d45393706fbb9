import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { TenantryError } from '../core/errors.ts';
import { isLoopback } from '../core/host-name.ts';
import { object } from './problems.ts';
import type { References } from './secret.ts';
import type { IssuerKeys, IssuerSettings } from './settings.ts';
import type { TenantryConfig, TokenAlgorithm } from './tenantry-config.ts';

const algorithms = [
  ...(['RS256', 'RS384', 'RS512'] as const),
  ...(['PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512'] as const),
  'EdDSA',
  ...(['HS256', 'HS384', 'HS512'] as const),
] as const satisfies readonly TokenAlgorithm[];

/** An issuer whose fields are valid one by one. */
export interface IssuerFields extends Omit<IssuerSettings, 'keys' | 'tenants'> {
  readonly jwks?: string | undefined;
  readonly key?: string | undefined;
  readonly tenants: '*' | readonly string[];
}

/** What is wrong with an issuer's fields together, and at which of them it is said. */
export interface IssuerProblem {
  readonly path: string;
  readonly message: string;
}

/** Issuers of tokens, field by field; without `auth`, none. */
export function authSchema(from: References): z.ZodType<{ issuers: IssuerFields[] }, TenantryConfig['auth']> {
  const issuer = object({
    issuer: from.text,
    audience: from.text,
    jwks: from.text.optional(),
    key: from.required.optional(),
    algorithms: z.array(z.enum(algorithms)).min(1, 'needs at least one algorithm').readonly(),
    tenantClaim: z.string().min(1, 'must be the name of a claim').default('tenant'),
    tenants: z.union(
      [z.literal('*'), z.array(z.union([z.string().min(1), z.int()]).transform(String)).min(1, 'must name at least one tenant, or be *')],
      {
        error: "must be '*' or a list of tenant ids",
      },
    ),
    development: z.boolean().default(false),
  });
  return object({ issuers: z.array(issuer) }).prefault({ issuers: [] });
}

/** An issuer as the program uses it; its fields have been found to fit together. */
export function issuerSettings({ jwks, key, tenants, ...rest }: IssuerFields): IssuerSettings {
  const keys = issuerKeys({ jwks, key, ...rest });
  if ('message' in keys) throw new TenantryError('INTERNAL', `An issuer was not checked: ${keys.path} ${keys.message}.`);
  return { ...rest, keys, tenants: tenants === '*' ? tenants : new Set(tenants) };
}

/** How the signatures of an issuer are checked, or why its fields say no way to. */
export function issuerKeys({
  algorithms: used,
  development,
  jwks,
  key,
}: Pick<IssuerFields, 'algorithms' | 'development' | 'jwks' | 'key'>): IssuerKeys | IssuerProblem {
  const secret = used.filter((algorithm) => algorithm.startsWith('HS'));
  if (secret.length > 0 && secret.length < used.length)
    return { path: 'algorithms', message: 'must not mix HS256, HS384 or HS512 with the others' };
  if ((jwks === undefined) === (key === undefined)) return { path: 'jwks', message: "needs either jwks or key: env('NAME')" };
  if (development && secret.length === 0) return { path: 'development', message: 'needs algorithms of HS256, HS384 or HS512 and a key' };
  if (key !== undefined) {
    const keys = secret.length > 0 ? sharedSecret(key, secret) : publicKey(key);
    return typeof keys === 'string' ? { path: 'key', message: keys } : keys;
  }
  if (secret.length > 0) return { path: 'jwks', message: "cannot serve HS256, HS384 or HS512: use key: env('NAME')" };
  const url = URL.parse(jwks ?? '');
  const safe =
    url !== null &&
    url.username === '' &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))));
  return safe
    ? { kind: 'jwks', url }
    : { path: 'jwks', message: 'must be an https URL without user and password (http is allowed on loopback)' };
}

function sharedSecret(text: string, used: readonly string[]): IssuerKeys | string {
  const secret = new Uint8Array(Buffer.from(text, 'base64'));
  const least = Math.max(...used.map((algorithm) => Number(algorithm.slice(2)) / 8)); // RFC 7518, section 3.2
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  return isBase64 && secret.length >= least
    ? { kind: 'secret', secret }
    : `must be base64 of at least ${least} bytes (openssl rand -base64 ${least} makes one)`;
}

function publicKey(pem: string): IssuerKeys | string {
  try {
    const key = createPublicKey(pem);
    return { kind: 'public', pem: key.export({ type: 'spki', format: 'pem' }).toString() };
  } catch {
    return 'must be a public key in PEM'; // the cause would repeat parts of the key
  }
}
