import type { ByteReader } from './byte-reader.ts';
import { timeBytes, type SqlType } from './sql-type.ts';

/** A value as it was sent: integers of 64 bits as bigint, decimals as exact text, times as text with all their digits. */
export type ParameterValue = number | bigint | string | boolean | Buffer | null;

const nullLength16 = 0xffff;
const nullLength64 = 0xffffffffffffffffn;
const millisecondsPerDay = 86_400_000;

/** Reads TYPE_INFO (MS-TDS 2.2.5.6). Throws Error for types that no parameter here has. */
export function readType(reader: ByteReader): SqlType {
  const type = reader.uint8();
  switch (type) {
    case 0x24:
      reader.uint8();
      return { name: 'uniqueidentifier' };
    case 0x26:
      return { name: { 1: 'tinyint', 2: 'smallint', 4: 'int', 8: 'bigint' }[reader.uint8()] ?? 'int' };
    case 0x28:
      return { name: 'date' };
    case 0x29:
      return { name: 'time', scale: reader.uint8() };
    case 0x2a:
      return { name: 'datetime2', scale: reader.uint8() };
    case 0x2b:
      return { name: 'datetimeoffset', scale: reader.uint8() };
    case 0x68:
      reader.uint8();
      return { name: 'bit' };
    case 0x6a:
    case 0x6c:
      reader.uint8();
      return { name: type === 0x6a ? 'decimal' : 'numeric', precision: reader.uint8(), scale: reader.uint8() };
    case 0x6d:
      return { name: reader.uint8() === 4 ? 'real' : 'float' };
    case 0xa5:
      return { name: 'varbinary', length: lengthOf(reader.uint16(), 1) };
    case 0xa7:
    case 0xe7: {
      const length = lengthOf(reader.uint16(), type === 0xe7 ? 2 : 1);
      reader.take(5);
      return { name: type === 0xe7 ? 'nvarchar' : 'varchar', length };
    }
    default:
      throw new Error(`A parameter of type 0x${type.toString(16)} is not read here.`);
  }
}

/** Reads the value that follows a TYPE_INFO. */
export function readValue(reader: ByteReader, type: SqlType): ParameterValue {
  if (type.length !== undefined) {
    const bytes = type.length === 'max' ? readChunks(reader) : readLong(reader);
    if (bytes === null || type.name === 'varbinary') return bytes;
    return bytes.toString(type.name === 'nvarchar' ? 'utf16le' : 'latin1');
  }
  const length = reader.uint8();
  if (length === 0) return null;
  switch (type.name) {
    case 'uniqueidentifier':
      return guidText(reader.take(length));
    case 'bit':
      return reader.uint8() === 1;
    case 'tinyint':
      return reader.uint8();
    case 'smallint':
      return reader.take(length).readInt16LE();
    case 'int':
      return reader.take(length).readInt32LE();
    case 'bigint':
      return reader.take(length).readBigInt64LE();
    case 'real':
      return reader.take(length).readFloatLE();
    case 'float':
      return reader.take(length).readDoubleLE();
    case 'decimal':
    case 'numeric':
      return decimalText(reader.uint8() === 1, reader.unsigned(length - 1), type.scale ?? 0);
    case 'date':
      return dateText(reader);
    case 'time':
      return timeText(reader, type.scale ?? 7);
    default: {
      const time = timeText(reader, type.scale ?? 7);
      const date = dateText(reader);
      return type.name === 'datetime2' ? `${date}T${time}` : `${date}T${time}Z offset ${reader.take(2).readInt16LE()}`;
    }
  }
}

function lengthOf(bytes: number, bytesPerUnit: number): number | 'max' {
  return bytes === nullLength16 ? 'max' : bytes / bytesPerUnit;
}

function readLong(reader: ByteReader): Buffer | null {
  const length = reader.uint16();
  return length === nullLength16 ? null : Buffer.from(reader.take(length));
}

function readChunks(reader: ByteReader): Buffer | null {
  if (reader.uint64() === nullLength64) return null;
  const chunks: Buffer[] = [];
  for (let length = reader.uint32(); length !== 0; length = reader.uint32()) chunks.push(reader.take(length));
  return Buffer.concat(chunks);
}

function guidText(bytes: Buffer): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = Buffer.from(order.map((index) => bytes.readUInt8(index))).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function decimalText(positive: boolean, magnitude: bigint, scale: number): string {
  const digits = magnitude.toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? whole : `${whole}.${digits.slice(digits.length - scale)}`;
  return positive ? text : `-${text}`;
}

/** Days since 0001-01-01. */
function dateText(reader: ByteReader): string {
  const days = Number(reader.unsigned(3));
  return new Date(Date.UTC(2000, 0, 1) + (days - 730_119) * millisecondsPerDay).toISOString().slice(0, 10);
}

function timeText(reader: ByteReader, scale: number): string {
  const units = reader.unsigned(timeBytes(scale));
  const perSecond = 10n ** BigInt(scale);
  const seconds = Number(units / perSecond);
  const pad = (value: number): string => `${value}`.padStart(2, '0');
  const clock = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return scale === 0 ? clock : `${clock}.${(units % perSecond).toString().padStart(scale, '0')}`;
}
