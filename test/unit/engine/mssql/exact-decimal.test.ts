import { TYPES } from 'tedious';
import { expect, test } from 'vitest';
import { exactDecimal, unscaled } from '../../../../src/engine/mssql/exact-decimal.ts';

/** Length, sign and magnitude as they are written. */
function written(value: bigint, precision: number): { readonly length: number; readonly sign: number; readonly magnitude: Buffer } {
  const bytes: number[] = [];
  let magnitude = Buffer.alloc(0);
  const buffer = {
    writeUInt8: (byte: number) => void bytes.push(byte),
    writeBuffer: (rest: Buffer) => void (magnitude = Buffer.from(rest)),
  };
  exactDecimal(TYPES.Decimal).writeValue(buffer as never, { value, precision } as never, {} as never);
  const [length = 0, sign = 0] = bytes;
  return { length, sign, magnitude };
}

// MS-TDS 2.2.5.5.1.6: precision says how many bytes a value has, at both ends of each length.
test.each([
  [1, 4],
  [9, 4],
  [10, 8],
  [19, 8],
  [20, 12],
  [28, 12],
  [29, 16],
  [38, 16],
])('a decimal of %i digits is written in %i bytes, the lowest first, behind their length and a sign', (precision, bytes) => {
  const most = BigInt('9'.repeat(precision));
  for (const [value, sign] of [
    [most, 1],
    [-most, 0],
  ] as const) {
    const { magnitude, ...rest } = written(value, precision);
    expect([rest, magnitude.length]).toEqual([{ length: bytes + 1, sign }, bytes]);
    expect(BigInt(`0x${Buffer.from(magnitude.toReversed()).toString('hex')}`)).toBe(most);
  }
});

test.each([
  ['7.10', 1, 71n],
  ['-0.5', 2, -50n],
  ['12', 2, 1200n],
  ['007', 0, 7n],
  ['5.000', 0, 5n],
  ['-0.0', 1, 0n],
])('%s with %i digits after the point is the number %d, without it', (text, scale, number) => {
  expect(unscaled(text, scale)).toBe(number);
});
