import { TenantryError } from '../../core/errors.ts';
import { tenantKey, tenantKeyFromText, type KeyType, type TenantId, type TenantKey } from '../../../shardmap/key.ts';

/**
 * The tenant that a claim names: a string in the key type's canonical form, or a safe integer for the integer types,
 * written in the token as such. Throws UNAUTHENTICATED for everything else.
 */
export function tenantOfClaim(type: KeyType, claims: Readonly<Record<string, unknown>>, name: string, claimsText: string): TenantKey {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
  try {
    if (typeof claim === 'string') return tenantKeyFromText(type, claim);
    const isInteger = Number.isSafeInteger(claim) && (type === 'int' || type === 'bigint');
    if (isInteger && isWrittenAsInteger(claimsText, name)) return tenantKey(type, claim);
  } catch (cause) {
    if (!(cause instanceof TenantryError && cause.code === 'INVALID_TENANT_ID')) throw cause;
  }
  throw new TenantryError('UNAUTHENTICATED', `The token's claim ${name} is not a tenant id in its canonical form.`);
}

const ofText: Readonly<Record<KeyType, (text: string) => TenantId>> = {
  int: Number,
  bigint: BigInt,
  uuid: (text) => text,
  string: (text) => text,
  bytes: (text) => Uint8Array.from(Buffer.from(text, 'hex')),
};

/** What the router takes for a key. */
export function tenantIdOf({ type, text }: TenantKey): TenantId {
  return ofText[type](text);
}

type SourceReviver = (this: unknown, name: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * Whether what a parser reads as a number was written in whole digits: 1e0 and 0.99999999999999999 are 1 to it, and only the text tells.
 */
export function isWrittenAsInteger(claimsText: string, name: string): boolean {
  let written = true;
  const look: SourceReviver = (member, value, { source }) => {
    if (member === name && typeof value === 'number' && !/^-?[1-9]\d*$/.test(source ?? '')) written = false;
    return value;
  };
  JSON.parse(claimsText, look as (this: unknown, name: string, value: unknown) => unknown);
  return written;
}
