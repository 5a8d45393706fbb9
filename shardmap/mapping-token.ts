import { createHmac } from 'node:crypto';
import { TenantryError } from '../src/core/errors.ts';

/** Secret of a whole fleet, 32 bytes: who holds it can compute the token of every mapping. */
export type FleetKey = Uint8Array & { readonly __brand: 'FleetKey' };

const fleetKeyBytes = 32;
const tokenBytes = 16;
const canonicalBase64 = /^[A-Za-z0-9+/]{43}=$/;

/** Reads a fleet key from its base64 text. Throws INVALID_CONFIGURATION naming `source`, never the text. */
export function fleetKeyFromBase64(text: string, source: string): FleetKey {
  const bytes = canonicalBase64.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
  if (bytes?.length !== fleetKeyBytes) {
    throw new TenantryError('INVALID_CONFIGURATION', `${source} must be ${fleetKeyBytes} random bytes in base64 (44 characters).`);
  }
  return bytes as FleetKey;
}

/**
 * What a router presents to a shard for one mapping at one epoch: the first 16 bytes of HMAC-SHA256 over the map's name,
 * a zero byte, the mapping id (int32) and the epoch (int64), both big-endian. Throws INTERNAL where a number is out of range.
 */
export function mappingToken(key: FleetKey, mapName: string, mappingId: number, epoch: number): Uint8Array {
  if (mappingId !== (mappingId | 0) || !Number.isSafeInteger(epoch)) {
    throw new TenantryError('INTERNAL', 'A mapping id must be a 32-bit integer and an epoch a safe integer.');
  }
  const numbers = Buffer.alloc(13);
  numbers.writeInt32BE(mappingId, 1);
  numbers.writeBigInt64BE(BigInt(epoch), 5);
  return fleetMac(key, mapName, numbers).subarray(0, tokenBytes);
}

/** HMAC-SHA256 over a text and what follows it: 32 bytes. No two uses may ever be made of the same bytes. */
export function fleetMac(key: FleetKey, text: string, rest: Uint8Array = new Uint8Array()): Uint8Array {
  return Uint8Array.from(createHmac('sha256', key).update(text, 'utf8').update(rest).digest());
}

/** A name by which people compare fleet keys, and from which nobody learns one: eight hex digits. */
export function fleetKeyName(key: FleetKey): string {
  return Buffer.from(fleetMac(key, 'name of a fleet key')).toString('hex').slice(0, 8);
}
