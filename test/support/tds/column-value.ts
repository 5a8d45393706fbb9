import { parseSqlType, timeBytes, type SqlType } from './sql-type.ts';

/** A value of a row as a script writes it: 64-bit integers as bigint, decimals and times as text with all their digits. */
export type ColumnValue = number | bigint | string | boolean | Uint8Array | null;

/** The collation of every text here: Latin1_General_CI_AS. */
export const collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

const maxLength = 0xffff;
const unknownLength = Buffer.from('feffffffffffffff', 'hex');
const nullChunks = Buffer.alloc(8, 0xff);
const nullLong = Buffer.alloc(2, 0xff);
const nullShort = Buffer.alloc(1);
const millisecondsPerDay = 86_400_000;

/** TYPE_INFO of a column (MS-TDS 2.2.5.6). Throws Error for types that no answer here has. */
export function encodeType(declaration: string): Buffer {
  const type = parseSqlType(declaration);
  switch (type.name) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return Buffer.from([0x26, integerBytes(type)]);
    case 'bit':
      return Buffer.from([0x68, 1]);
    case 'float':
      return Buffer.from([0x6d, 8]);
    case 'uniqueidentifier':
      return Buffer.from([0x24, 16]);
    case 'date':
      return Buffer.from([0x28]);
    case 'datetime2':
      return Buffer.from([0x2a, type.scale ?? 7]);
    case 'decimal':
      return Buffer.from([0x6a, decimalBytes(type), type.precision ?? 18, type.scale ?? 0]);
    case 'varbinary':
      return Buffer.concat([Buffer.from([0xa5]), length(type, 1)]);
    case 'nvarchar':
      return Buffer.concat([Buffer.from([0xe7]), length(type, 2), collation]);
    default:
      throw new Error(`A column of type ${declaration} is not written here.`);
  }
}

/** A value as a row carries it. */
export function encodeValue(declaration: string, value: ColumnValue): Buffer {
  const type = parseSqlType(declaration);
  if (type.length !== undefined) {
    const bytes = value === null ? null : bytesOf(type, value);
    return type.length === 'max' ? chunked(bytes) : long(bytes);
  }
  if (value === null) return nullShort;
  const bytes = shortValue(type, value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function shortValue(type: SqlType, value: ColumnValue): Buffer {
  switch (type.name) {
    case 'bit':
      return Buffer.from([value === true || value === 1 ? 1 : 0]);
    case 'float': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return bytes;
    }
    case 'uniqueidentifier':
      return guidBytes(String(value));
    case 'date':
      return days(String(value));
    case 'datetime2':
      return Buffer.concat([timeOfDay(String(value), type.scale ?? 7), days(String(value))]);
    case 'decimal':
      return decimal(type, String(value));
    default:
      return littleEndian(BigInt.asUintN(integerBytes(type) * 8, BigInt(value as number)), integerBytes(type));
  }
}

function bytesOf({ name }: SqlType, value: ColumnValue): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), name === 'nvarchar' ? 'utf16le' : 'latin1');
}

function long(bytes: Buffer | null): Buffer {
  return bytes === null ? nullLong : Buffer.concat([littleEndian(BigInt(bytes.length), 2), bytes]);
}

function chunked(bytes: Buffer | null): Buffer {
  if (bytes === null) return nullChunks;
  const chunk = bytes.length === 0 ? bytes : Buffer.concat([littleEndian(BigInt(bytes.length), 4), bytes]);
  return Buffer.concat([unknownLength, chunk, Buffer.alloc(4)]);
}

function length(type: SqlType, bytesPerUnit: number): Buffer {
  return littleEndian(BigInt(type.length === 'max' ? maxLength : Number(type.length) * bytesPerUnit), 2);
}

function integerBytes({ name }: SqlType): number {
  const bytes = { tinyint: 1, smallint: 2, int: 4, bigint: 8 }[name];
  if (bytes === undefined) throw new Error(`${name} is no integer.`);
  return bytes;
}

function decimalBytes({ precision = 18 }: SqlType): number {
  return [9, 19, 28].filter((digits) => precision > digits).length * 4 + 5;
}

function decimal(type: SqlType, text: string): Buffer {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const magnitude = BigInt(whole + fraction.padEnd(type.scale ?? 0, '0'));
  return Buffer.concat([Buffer.from([text.startsWith('-') ? 0 : 1]), littleEndian(magnitude, decimalBytes(type) - 1)]);
}

function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  return Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((index) => bytes.readUInt8(index)));
}

/** Days since 0001-01-01 of `2026-11-21T10:00:00.1234567`. */
function days(text: string): Buffer {
  return littleEndian(BigInt(Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / millisecondsPerDay + 719_162), 3);
}

function timeOfDay(text: string, scale: number): Buffer {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(11, 19).split(':').map(Number);
  const fraction = (text.slice(20).replace('Z', '') + '0000000').slice(0, scale);
  const units = BigInt(hours * 3600 + minutes * 60 + seconds) * 10n ** BigInt(scale) + BigInt(fraction === '' ? 0 : fraction);
  return littleEndian(units, timeBytes(scale));
}

/** An unsigned integer in so many bytes, the lowest first. */
export function littleEndian(value: bigint, bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(index * 8)) & 0xffn)));
}
