import { TenantryError } from '../../core/errors.ts';
import type { SqlValue } from '../../core/sql.ts';
import { SqlTyped } from '../../core/sql-typed.ts';
import { isUuid } from '../../core/uuid.ts';
import { unscaled } from './exact-decimal.ts';

/** A type of parameters. The driver is loaded with the first connection, so its own types are found by name. */
export interface ParameterType {
  /** As T-SQL declares it, such as `nvarchar(40)`. */
  readonly text: string;
  readonly driverName: DriverTypeName;
  /** Its length, the digits of a second, or those of a number. */
  readonly bounds: { readonly length?: number; readonly precision?: number; readonly scale?: number };
}

/** Names by which the driver exports its types. */
export type DriverTypeName =
  | 'BigInt'
  | 'Bit'
  | 'DateTime2'
  | 'DateTimeOffset'
  | 'Decimal'
  | 'Float'
  | 'Int'
  | 'NVarChar'
  | 'SmallInt'
  | 'TinyInt'
  | 'UniqueIdentifier'
  | 'VarBinary'
  | 'VarChar';

/** A parameter with its type. */
export interface TypedParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: DriverValue;
  /** The server gives back what it has become. */
  readonly output?: true;
}

type DriverValue = string | number | bigint | boolean | Buffer | Date | null;

/** A value as the driver takes it, and its type. */
export type TypedValue = Pick<TypedParameter, 'type' | 'value'>;

/** The largest length that a type with a number for it may have; more is `max`. */
const longestText = 4_000;
const longestBytes = 8_000;

/** For `max`: the driver writes it for every length that a type cannot have. */
const maxLength = 65_535;

/** A plan is kept for each declared length, so there are few of them. */
const textTypes = [40, 400, longestText].map((length) => ({ length, type: typeOf('NVarChar', length) }));
const byteTypes = [16, 128, 1_024, longestBytes].map((length) => ({ length, type: typeOf('VarBinary', length) }));
const longText = typeOf('NVarChar', Infinity);
const longBytes = typeOf('VarBinary', Infinity);
const int = typeOf('Int');
const bigint = typeOf('BigInt');
const float = typeOf('Float');
const bit = typeOf('Bit');
const uuid = typeOf('UniqueIdentifier');
/** A Date has milliseconds, and no zone but UTC. */
const time = typeOf('DateTime2', 3);

/** A type of the driver's, with its length, `Infinity` for `max`, or the digits of a second. */
export function typeOf(driverName: DriverTypeName, argument?: number): ParameterType {
  const name = driverName.toLowerCase();
  if (argument === undefined) return { text: name, driverName, bounds: {} };
  if (argument === Infinity) return { text: `${name}(max)`, driverName, bounds: { length: maxLength } };
  const hasDigits = driverName === 'DateTime2' || driverName === 'DateTimeOffset';
  return { text: `${name}(${argument})`, driverName, bounds: hasDigits ? { scale: argument } : { length: argument } };
}

const smallestInt = -(2 ** 31);
const largestInt = 2 ** 31 - 1;
const smallestBigint = -(2n ** 63n);
const largestBigint = 2n ** 63n - 1n;

/**
 * The type that a caller's value travels as. Null is text, which the server converts to every type but bytes; a list is JSON
 * text, for OPENJSON. Throws INVALID_REQUEST for what SQL Server has no type for.
 */
export function typedValue(value: SqlValue): TypedValue {
  if (typeof value === 'string') return textValue(value);
  if (typeof value === 'number') return numberValue(value);
  if (typeof value === 'bigint') return bigintValue(value);
  if (typeof value === 'boolean') return { type: bit, value };
  if (value === null) return nullText;
  if (value instanceof Uint8Array) return bytesValue(value);
  if (value instanceof Date) return timeValue(value);
  if (value instanceof SqlTyped) return typedByCaller(value);
  return textValue(listText(value));
}

const nullText: TypedValue = { type: textTypes[0]?.type ?? longText, value: null };

function textValue(value: string): TypedValue {
  if (value.length <= longestText) for (const { length, type } of textTypes) if (value.length <= length) return { type, value };
  return { type: longText, value };
}

function numberValue(value: number): TypedValue {
  if (Number.isSafeInteger(value)) {
    return value >= smallestInt && value <= largestInt ? { type: int, value } : { type: bigint, value: `${value}` };
  }
  if (!Number.isFinite(value)) throw new TenantryError('INVALID_REQUEST', 'SQL Server has no number that is NaN or infinite.');
  return { type: float, value };
}

function bigintValue(value: bigint): TypedValue {
  if (value < smallestBigint || value > largestBigint)
    throw new TenantryError('INVALID_REQUEST', 'A bigint must fit 64 bits; send a larger number as text and cast it in the statement.');
  return { type: bigint, value: value.toString() };
}

function bytesValue(value: Uint8Array): TypedValue {
  const bytes = asBuffer(value);
  if (bytes.length <= longestBytes) for (const { length, type } of byteTypes) if (bytes.length <= length) return { type, value: bytes };
  return { type: longBytes, value: bytes };
}

function timeValue(value: Date): TypedValue {
  const year = value.getUTCFullYear();
  if (!(year >= 1 && year <= 9_999)) throw new TenantryError('INVALID_REQUEST', 'A Date must be valid and of the years 1 to 9999.');
  return { type: time, value };
}

function typedByCaller({ type, text }: SqlTyped): TypedValue {
  if (type.name === 'uuid') return { type: uuid, value: text };
  const { precision, scale } = type;
  const decimal: ParameterType = { text: `decimal(${precision}, ${scale})`, driverName: 'Decimal', bounds: { precision, scale } };
  return { type: decimal, value: unscaled(text, scale) };
}

function listText(values: readonly SqlValue[]): string {
  return JSON.stringify(values, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (value instanceof Uint8Array) throw new TenantryError('INVALID_REQUEST', 'A list of a statement may hold no bytes on SQL Server.');
    return value;
  });
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Makes a driver's value of a parameter that is declared with a type. Throws INTERNAL for a value that the type cannot hold. */
export type DeclaredType = (name: string, value: SqlValue) => TypedParameter;

type Kind = 'integer' | 'bigint' | 'number' | 'boolean' | 'text' | 'bytes' | 'uuid' | 'time';

interface TypeShape {
  readonly kind: Kind;
  readonly driverName: DriverTypeName;
  /** What its number means: a length that has to be written and holds the value, or digits of a second. */
  readonly argument?: 'length' | 'scale';
}

const types: Readonly<Record<string, TypeShape>> = {
  tinyint: { kind: 'integer', driverName: 'TinyInt' },
  smallint: { kind: 'integer', driverName: 'SmallInt' },
  int: { kind: 'integer', driverName: 'Int' },
  bigint: { kind: 'bigint', driverName: 'BigInt' },
  float: { kind: 'number', driverName: 'Float' },
  bit: { kind: 'boolean', driverName: 'Bit' },
  nvarchar: { kind: 'text', driverName: 'NVarChar', argument: 'length' },
  varchar: { kind: 'text', driverName: 'VarChar', argument: 'length' },
  varbinary: { kind: 'bytes', driverName: 'VarBinary', argument: 'length' },
  uniqueidentifier: { kind: 'uuid', driverName: 'UniqueIdentifier' },
  datetime2: { kind: 'time', driverName: 'DateTime2', argument: 'scale' },
  datetimeoffset: { kind: 'time', driverName: 'DateTimeOffset', argument: 'scale' },
};

/** Reads a declared type such as `int` or `nvarchar(400)`; undefined where it is none that parameters may have. */
export function declaredType(text: string): DeclaredType | undefined {
  const [, name = '', argument] = /^([a-z0-9]+)(?:\((\d+|max)\))?$/.exec(text) ?? [];
  const shape = types[name];
  if (shape === undefined || (shape.argument === undefined) !== (argument === undefined)) return undefined;
  const length = argument === 'max' ? Infinity : Number(argument);
  const type = shape.argument === undefined ? typeOf(shape.driverName) : typeOf(shape.driverName, length);
  const longest = shape.argument === 'length' ? length : Infinity;
  return (parameter, value) => ({ name: parameter, type, value: converted(parameter, text, shape.kind, longest, value) });
}

/** The driver sends what is too long for its type all the same, so it is measured here. */
function converted(name: string, type: string, kind: Kind, longest: number, given: SqlValue): DriverValue {
  if (given === null) return null;
  const value = kind === 'text' && Array.isArray(given) ? listText(given as readonly SqlValue[]) : given;
  const fits = accepted[kind](value);
  if (fits === undefined || (Buffer.isBuffer(fits) || typeof fits === 'string' ? fits.length > longest : false))
    throw new TenantryError('INTERNAL', `The value of @${name} does not fit its type ${type}.`);
  return fits;
}

const accepted: Readonly<Record<Kind, (value: SqlValue) => DriverValue | undefined>> = {
  integer: (value) => (Number.isSafeInteger(value) ? Number(value) : undefined),
  bigint: (value) => (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)) ? `${value}` : undefined),
  number: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  text: (value) => (typeof value === 'string' ? value : undefined),
  bytes: (value) => (value instanceof Uint8Array ? asBuffer(value) : undefined),
  uuid: (value) => (typeof value === 'string' && isUuid(value) ? value : undefined),
  time: (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined),
};
