import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mappingToken, fleetKeyFromBase64 } from '../../../shardmap/mapping-token.ts';

const key = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'TENANTRY_FLEET_KEY');

describe('the token of a mapping', () => {
  it('is the start of the HMAC over map, zero byte, mapping id and epoch', () => {
    const message = Buffer.from('637573746f6d65727300fffffffe0020000000000001', 'hex');
    const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(message).digest().subarray(0, 16);
    expect(Buffer.from(mappingToken(key, 'customers', -2, 2 ** 53 - 1))).not.toEqual(expected);
    const correct = Buffer.from('637573746f6d65727300fffffffe001fffffffffffff', 'hex');
    expect(Buffer.from(mappingToken(key, 'customers', -2, 2 ** 53 - 1))).toEqual(
      createHmac('sha256', Buffer.alloc(32, 7)).update(correct).digest().subarray(0, 16),
    );
  });

  it('differs with the key, the map, the mapping and the epoch', () => {
    const other = fleetKeyFromBase64(Buffer.alloc(32, 8).toString('base64'), 'TENANTRY_FLEET_KEY');
    const tokens = [
      mappingToken(key, 'customers', 1, 1),
      mappingToken(other, 'customers', 1, 1),
      mappingToken(key, 'customer', 1, 1),
      mappingToken(key, 'customers', 2, 1),
      mappingToken(key, 'customers', 1, 2),
    ];
    expect(new Set(tokens.map((token) => Buffer.from(token).toString('hex'))).size).toBe(5);
  });

  it('is not made for numbers that do not fit', () => {
    for (const [mappingId, epoch] of [
      [2 ** 31, 1],
      [1.5, 1],
      [1, 2 ** 53],
      [1, 0.5],
    ] as const) {
      expect(() => mappingToken(key, 'customers', mappingId, epoch)).toThrow(expect.objectContaining({ code: 'INTERNAL' }) as Error);
    }
  });
});

describe('a fleet key', () => {
  it.each([
    ['of 31 bytes', Buffer.alloc(31, 1).toString('base64')],
    ['of 33 bytes', Buffer.alloc(33, 1).toString('base64')],
    ['in base64url', Buffer.alloc(32, 0xff).toString('base64url')],
    ['with a line end', `${Buffer.alloc(32, 1).toString('base64')}\n`],
    ['that is empty', ''],
  ])('%s is refused by name without its text', (_, text) => {
    const read = (): unknown => fleetKeyFromBase64(text, 'TENANTRY_FLEET_KEY');
    expect(read).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }) as Error);
    expect(read).toThrow('TENANTRY_FLEET_KEY must be 32 random bytes in base64');
  });
});
