import {
  bytesToHex,
  decodeBigint,
  decodeInt,
  decodeString,
  decodeUuid,
  encodeBigint,
  encodeInt,
  encodeString,
  encodeUuid,
  hexToBytes,
  maximumKeyBytes,
} from './key-encoding.ts';

/** A valid key's two forms. */
interface EncodedKey {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** How one key type is written; each way in gives `undefined` for everything but a valid key in canonical form. */
interface KeyForm {
  /** Completes the sentence "A key of this type is ...". */
  readonly allowed: string;
  fromValue(value: unknown): EncodedKey | undefined;
  fromText(text: string): EncodedKey | undefined;
  fromBytes(bytes: Uint8Array): EncodedKey | undefined;
}

interface KeyFormParts<V> {
  readonly allowed: string;
  /** The value in its one native type, or undefined where it is no valid key. */
  check(value: unknown): V | undefined;
  /** What `check` is to judge, or undefined where the text is not canonical. */
  parse(text: string): unknown;
  format(value: V): string;
  encode(value: V): Uint8Array;
  /** What `check` is to judge. */
  decode(bytes: Uint8Array): unknown;
}

const canonicalInteger = /^-?[1-9][0-9]{0,18}$/;
const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const canonicalHex = /^(?:[0-9a-f]{2})+$/;
/** What an unset `Guid` holds in .NET, and the elastic tools' lowest key. */
const nilUuid = '00000000-0000-0000-0000-000000000000';

function keyForm<V>(parts: KeyFormParts<V>): KeyForm {
  const fromValue = (value: unknown): EncodedKey | undefined => {
    const checked = parts.check(value);
    return checked === undefined ? undefined : { text: parts.format(checked), bytes: parts.encode(checked) };
  };
  return {
    allowed: parts.allowed,
    fromValue,
    fromText: (text) => fromValue(parts.parse(text)),
    fromBytes: (bytes) => fromValue(parts.decode(bytes)),
  };
}

function checkInt(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || number !== (number | 0) || number === 0) return undefined;
  return number;
}

function checkBigint(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value !== 0 ? BigInt(value) : undefined;
  if (typeof value !== 'bigint' || value === 0n) return undefined;
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function checkUuid(value: unknown): string | undefined {
  return typeof value === 'string' && canonicalUuid.test(value) && value !== nilUuid ? value : undefined;
}

/** SQL Server compares strings as if padded with spaces, in every collation, and PostgreSQL stores no NUL. */
function checkString(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > maximumKeyBytes) return undefined;
  if (value.endsWith(' ') || value.includes('\0') || !value.isWellFormed()) return undefined;
  return Buffer.byteLength(value) <= maximumKeyBytes ? value : undefined;
}

/** SQL Server compares byte strings as if padded with zeros, and the elastic tools cut such zeros off. */
function checkBytes(value: unknown): Uint8Array | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  return value.length <= maximumKeyBytes && (value.at(-1) ?? 0) !== 0 ? value : undefined;
}

/** The key types, each with its one canonical text and its encoding. */
export const keyForms = {
  int: keyForm<number>({
    allowed: 'an integer from -2147483648 to 2147483647 except 0: a number or bigint; as text, decimal digits without leading zeros',
    check: checkInt,
    parse: (text) => (canonicalInteger.test(text) ? BigInt(text) : undefined),
    format: String,
    encode: encodeInt,
    decode: decodeInt,
  }),
  bigint: keyForm<bigint>({
    allowed:
      'an integer from -9223372036854775808 to 9223372036854775807 except 0: a bigint, or a number up to 9007199254740991 either way; as text, decimal digits without leading zeros',
    check: checkBigint,
    parse: (text) => (canonicalInteger.test(text) ? BigInt(text) : undefined),
    format: String,
    encode: encodeBigint,
    decode: decodeBigint,
  }),
  uuid: keyForm<string>({
    allowed: 'a string of 32 lower-case hexadecimal digits grouped 8-4-4-4-12 by hyphens, not all zero',
    check: checkUuid,
    parse: (text) => text,
    format: (value) => value,
    encode: encodeUuid,
    decode: decodeUuid,
  }),
  string: keyForm<string>({
    allowed: `a string of 1 to ${maximumKeyBytes} bytes of UTF-8, without NUL or lone surrogates and not ending in a space`,
    check: checkString,
    parse: (text) => text,
    format: (value) => value,
    encode: encodeString,
    decode: decodeString,
  }),
  bytes: keyForm<Uint8Array>({
    allowed: `a Uint8Array of 1 to ${maximumKeyBytes} bytes, the last of them not zero; as text, lower-case hexadecimal digits`,
    check: checkBytes,
    parse: (text) => (canonicalHex.test(text) ? hexToBytes(text) : undefined),
    format: bytesToHex,
    encode: (value) => Uint8Array.from(value),
    decode: (bytes) => bytes,
  }),
};
