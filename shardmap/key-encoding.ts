/** Most bytes that an encoded key may have; the elastic tools' limit. */
export const maximumKeyBytes = 128;

/** Positions of the RFC 9562 bytes of a uuid, most significant first in SQL Server's order (docs/key-encoding.md). */
const uuidOrder = [10, 11, 12, 13, 14, 15, 8, 9, 7, 6, 5, 4, 3, 2, 1, 0] as const;

const utf8Encoder = new TextEncoder();
/** A byte order mark is a character of the key like any other: without `ignoreBOM` it would be dropped. */
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Order of two encoded keys, which is the order of their values: negative, zero or positive. */
export function compareKeyBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

/** Four bytes, big-endian with the sign bit flipped, so that negative numbers come first. */
export function encodeInt(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value ^ 0x80000000);
  return bytes;
}

/** Inverse of `encodeInt`; undefined where there are not four bytes. */
export function decodeInt(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 4) return undefined;
  return viewOf(bytes).getInt32(0) ^ 0x80000000;
}

/** Eight bytes, big-endian with the sign bit flipped. */
export function encodeBigint(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value) ^ (1n << 63n));
  return bytes;
}

/** Inverse of `encodeBigint`; undefined where there are not eight bytes. */
export function decodeBigint(bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== 8) return undefined;
  return BigInt.asIntN(64, viewOf(bytes).getBigUint64(0) ^ (1n << 63n));
}

/** Sixteen bytes in the order by which SQL Server compares `uniqueidentifier`, from a lower-case uuid. */
export function encodeUuid(text: string): Uint8Array {
  const source = hexToBytes(text.replaceAll('-', ''));
  return Uint8Array.from(uuidOrder, (position) => source[position] ?? 0);
}

/** Inverse of `encodeUuid`; undefined where there are not sixteen bytes. */
export function decodeUuid(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 16) return undefined;
  const source = new Uint8Array(16);
  uuidOrder.forEach((position, index) => (source[position] = bytes[index] ?? 0));
  const hex = bytesToHex(source);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** UTF-8, whose bytes sort by code point. */
export function encodeString(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** Inverse of `encodeString`; undefined where the bytes are not UTF-8. */
export function decodeString(bytes: Uint8Array): string | undefined {
  try {
    return utf8Decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Bytes from an even number of hexadecimal digits, which the caller has checked. */
export function hexToBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** Lower-case hexadecimal digits. */
export function bytesToHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
