import { TenantryError } from '../src/core/errors.ts';
import type { KeyType } from '../src/core/key-type.ts';
import { bytesToHex } from './key-encoding.ts';
import { keyForms } from './key-forms.ts';

export { keyTypes, type KeyType } from '../src/core/key-type.ts';

/** What a caller names a tenant by: a number or bigint for the integer types, a string for `uuid` and `string`, bytes. */
export type TenantId = number | bigint | string | Uint8Array;

/** A tenant id that was checked, in its two forms: one text for people and tokens, and bytes that sort like the value. */
export interface TenantKey {
  readonly type: KeyType;
  /** Canonical text; `tenantKeyFromText` takes nothing else. */
  readonly text: string;
  /** Order-preserving encoding, 1 to 128 bytes (docs/key-encoding.md). Not to be changed. */
  readonly bytes: Uint8Array;
}

/**
 * The two tenants of rehearsals, as canonical text: nobody's ids, and such as most conditions on a tenant column admit
 * (docs/key-encoding.md).
 */
const sentinelTexts: Readonly<Record<KeyType, readonly [string, string]>> = {
  int: ['2147480001', '2147480002'],
  bigint: ['9223372036854770001', '9223372036854770002'],
  uuid: ['ffffffff-ffff-4fff-bfff-fffffffffffd', 'ffffffff-ffff-4fff-bfff-fffffffffffe'],
  string: ['zzprobe1', 'zzprobe2'],
  bytes: ['fffffffffffffffffffffffffffffffd', 'fffffffffffffffffffffffffffffffe'],
};

/** The keys of the two tenants in whose names policies are tried out. No caller is one of them. */
export function sentinelKeys(type: KeyType): readonly [TenantKey, TenantKey] {
  const [one, other] = sentinelTexts[type];
  return [ofText(type, one), ofText(type, other)];
}

/** The key of a value as a program holds it. Throws INVALID_TENANT_ID, which says what is allowed and never the value. */
export function tenantKey(type: KeyType, value: unknown): TenantKey {
  const key = keyForms[type].fromValue(value);
  if (key === undefined) throw invalidTenantId(type, `What was given (${kindOf(value)}) is not.`);
  return unreserved({ type, text: key.text, bytes: key.bytes });
}

/** The key of its canonical text, as command lines and tokens carry it. Throws INVALID_TENANT_ID. */
export function tenantKeyFromText(type: KeyType, text: string): TenantKey {
  return unreserved(ofText(type, text));
}

function ofText(type: KeyType, text: string): TenantKey {
  const key = keyForms[type].fromText(text);
  if (key === undefined) throw invalidTenantId(type, 'The text given is not in this form.');
  return { type, text: key.text, bytes: key.bytes };
}

/** The key of its encoding. Throws INVALID_TENANT_ID where the bytes are not exactly what `tenantKey` makes. */
export function tenantKeyFromBytes(type: KeyType, bytes: Uint8Array): TenantKey {
  const key = keyForms[type].fromBytes(bytes);
  if (key === undefined) throw invalidTenantId(type, 'The encoded bytes given are not those of such a key.');
  return { type, text: key.text, bytes: key.bytes };
}

/**
 * A primitive that two ids of one type share exactly if they are the same tenant, for maps on the hot path. It checks
 * no more than it must: a malformed id gives `undefined` or a primitive that no valid id has.
 */
export function cacheKey(type: KeyType, id: unknown): number | string | undefined {
  switch (type) {
    case 'int':
    case 'bigint':
      if (typeof id === 'number') return id;
      if (typeof id !== 'bigint') return undefined;
      return Number.isSafeInteger(Number(id)) ? Number(id) : id.toString();
    case 'uuid':
    case 'string':
      return typeof id === 'string' ? id : undefined;
    case 'bytes':
      return id instanceof Uint8Array ? bytesToHex(id) : undefined;
  }
}

/** The `cacheKey` of a checked key, as a value of its own that keeps no longer string alive, such as a request's body. */
export function ownCacheKey(key: TenantKey): number | string {
  switch (key.type) {
    case 'int':
      return Number(key.text);
    case 'bigint':
      return Number.isSafeInteger(Number(key.text)) ? Number(key.text) : key.text;
    case 'uuid':
    case 'string':
    case 'bytes':
      // A part of a string points into the whole in V8; a string read from bytes stands alone.
      return Buffer.from(key.text).toString();
  }
}

function unreserved(key: TenantKey): TenantKey {
  if (!sentinelTexts[key.type].includes(key.text)) return key;
  throw new TenantryError(
    'INVALID_TENANT_ID',
    `This key of type ${key.type} is reserved: policies are tried out in its name, so it is no tenant's.`,
  );
}

function invalidTenantId(type: KeyType, wrong: string): TenantryError {
  return new TenantryError('INVALID_TENANT_ID', `A key of type ${type} is ${keyForms[type].allowed}. ${wrong}`);
}

/** What kind of thing a value is, without any of its content. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'object') return 'an object';
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}
