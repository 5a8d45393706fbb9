import type { TYPES } from 'tedious';

type DecimalType = (typeof TYPES)['Decimal'];

/**
 * The driver's type of decimals, with values written digit by digit: its own makes a binary number of them, which has 15. A value is the
 * number without its point, a `bigint`; the column's scale says where the point stands (MS-TDS 2.2.5.5.1.6).
 */
export function exactDecimal(decimal: DecimalType): DecimalType {
  return {
    ...decimal,
    validate: (value: unknown) => value,
    writeValue: (buffer, { value, precision = 0 }) => {
      const magnitude = littleEndian(value as bigint, bytesOf(precision));
      buffer.writeUInt8(1 + magnitude.length);
      buffer.writeUInt8((value as bigint) < 0n ? 0 : 1);
      buffer.writeBuffer(magnitude);
    },
  };
}

/** Bytes of a value, by the digits of its type. */
function bytesOf(precision: number): number {
  if (precision <= 9) return 4;
  if (precision <= 19) return 8;
  return precision <= 28 ? 12 : 16;
}

function littleEndian(value: bigint, bytes: number): Buffer {
  const magnitude = Buffer.alloc(bytes);
  for (let rest = value < 0n ? -value : value, at = 0; at < bytes; at += 1, rest >>= 8n) magnitude[at] = Number(rest & 0xffn);
  return magnitude;
}

/** The number without its point, as `exactDecimal` writes it; `text` has at most `scale` digits after the point that are not zero. */
export function unscaled(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
}
