import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { tenantKeyFromText, type KeyType } from '../../shardmap/key.ts';
import { TenantryError } from '../core/errors.ts';
import { isLoopback } from './host-name.ts';
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

interface IssuerInput extends Omit<IssuerSettings, 'keys' | 'tenants'> {
  readonly jwks?: string | undefined;
  readonly key?: string | undefined;
  readonly tenants: '*' | readonly string[];
}

/** Issuers of tokens; without `auth`, none. */
export function authSchema(from: References): z.ZodType<{ issuers: IssuerSettings[] }, TenantryConfig['auth']> {
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
  }).transform(withKeys);
  return object({ issuers: z.array(issuer).transform(eachOnce) }).prefault({ issuers: [] });
}

/** Reports tenants that are not in the canonical form of the map's key type: no token could ever name them. */
export function canonicalTenants(issuers: readonly IssuerSettings[], type: KeyType, context: z.RefinementCtx): void {
  issuers.forEach(({ tenants }, index) => {
    for (const tenant of tenants === '*' ? [] : tenants) {
      try {
        tenantKeyFromText(type, tenant);
      } catch (error) {
        if (!(error instanceof TenantryError)) throw error;
        context.addIssue({ code: 'custom', path: ['auth', 'issuers', index, 'tenants'], message: `names "${tenant}". ${error.message}` });
      }
    }
  });
}

function withKeys({ jwks, key, tenants, ...rest }: IssuerInput, context: z.RefinementCtx): IssuerSettings {
  const refuse = (path: string, message: string): never => {
    context.addIssue({ code: 'custom', path: [path], message });
    return z.NEVER;
  };
  const settings = { ...rest, tenants: tenants === '*' ? tenants : new Set(tenants) };
  const secret = rest.algorithms.filter((algorithm) => algorithm.startsWith('HS'));
  if (secret.length > 0 && secret.length < rest.algorithms.length)
    return refuse('algorithms', 'must not mix HS256, HS384 or HS512 with the others');
  if ((jwks === undefined) === (key === undefined)) return refuse('jwks', "needs either jwks or key: env('NAME')");
  if (rest.development && secret.length === 0) return refuse('development', 'needs algorithms of HS256, HS384 or HS512 and a key');
  if (key !== undefined) {
    const keys = secret.length > 0 ? sharedSecret(key, secret) : publicKey(key);
    return typeof keys === 'string' ? refuse('key', keys) : { ...settings, keys };
  }
  if (secret.length > 0) return refuse('jwks', "cannot serve HS256, HS384 or HS512: use key: env('NAME')");
  const url = URL.parse(jwks ?? '');
  const safe =
    url !== null &&
    url.username === '' &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))));
  return safe
    ? { ...settings, keys: { kind: 'jwks', url } }
    : refuse('jwks', 'must be an https URL without user and password (http is allowed on loopback)');
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

function eachOnce(issuers: IssuerSettings[], context: z.RefinementCtx): IssuerSettings[] {
  issuers.forEach(({ issuer }, index) => {
    if (issuers.findIndex((other) => other.issuer === issuer) === index) return;
    context.addIssue({ code: 'custom', path: [index, 'issuer'], message: 'is configured twice; an issuer stands once' });
  });
  return issuers;
}
