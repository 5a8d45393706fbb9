import type { SqlValue } from '../../core/sql.ts';
import type { Column, ColumnKind } from './column.ts';
import { isStorableJson, isStorableText } from './storable.ts';
import { dateFromDatabase, dateToDatabase, instantFromDatabase, instantToDatabase, timeToDatabase } from './time-text.ts';

/** A schema in the dialect of OpenAPI 3.1, JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How the values of one column pass between JSON, paths and statements. */
export interface ColumnCodec {
  /** Completes "must be ...". */
  readonly allowed: string;
  /** JSON Schema of a value other than null, as a body gives it. */
  readonly schema: JsonSchema;
  /** JSON Schema of what answers hold, where that is more. */
  readonly answerSchema?: JsonSchema;
  /** What a statement takes for a JSON value other than null; undefined where the value is not allowed. */
  fromJson(value: unknown): SqlValue | undefined;
  /** As `fromJson`, for the text of a key in a path or cursor; undefined too for a kind that cannot be in a key. */
  fromText(text: string): SqlValue | undefined;
  /** JSON of what the database gave, other than null; left out where it is JSON already. */
  readonly toJson?: (value: unknown) => unknown;
  /** The select list reads it as text: as it is, as a time of UTC, or with every digit. */
  readonly readAs?: 'as it is' | 'in UTC' | 'every digit';
}

type CodecFactory = (column: Column) => ColumnCodec;

/** The codec of a column. */
export function columnCodec(column: Column): ColumnCodec {
  return factories[column.kind](column);
}

const factories: Readonly<Record<ColumnKind, CodecFactory>> = {
  int16: () => integerCodec(-32_768, 32_767),
  int32: () => integerCodec(-2_147_483_648, 2_147_483_647),
  int64: () => bigIntegerCodec,
  decimal: decimalCodec,
  float32: () => floatCodec('single', (value) => Number.isFinite(Math.fround(value)) && (value === 0 || Math.fround(value) !== 0)),
  float64: () => floatCodec('double', () => true),
  boolean: () => booleanCodec,
  text: textCodec,
  uuid: () => uuidCodec,
  bytes: () => bytesCodec,
  date: () => ({
    ...stringCodec('a date YYYY-MM-DD', dateToDatabase, { format: 'date' }),
    answerSchema: { type: 'string' },
    toJson: (value) => dateFromDatabase(asText(value)),
    readAs: 'as it is',
  }),
  time: ({ scale }) => ({
    ...stringCodec(
      `a time of day HH:MM:SS with at most ${scale ?? 6} digits after the second`,
      (text) => timeToDatabase(text, scale ?? 6),
      {},
    ),
    readAs: 'as it is',
  }),
  timestamp: ({ scale }) => ({ ...instantCodec(scale ?? 6), readAs: 'as it is' }),
  instant: ({ scale }) => ({ ...instantCodec(scale ?? 6), readAs: 'in UTC' }),
  json: () => jsonCodec,
};

const integerForm = /^(?:0|-?[1-9]\d{0,18})$/;

function integerCodec(least: number, most: number): ColumnCodec {
  const inRange = (value: number): boolean => value >= least && value <= most;
  return {
    allowed: `a whole number from ${least} to ${most}`,
    schema: { type: 'integer', minimum: least, maximum: most },
    fromJson: (value) => (Number.isInteger(value) && !Object.is(value, -0) && inRange(value as number) ? (value as number) : undefined),
    fromText: (text) => (integerForm.test(text) && inRange(Number(text)) ? Number(text) : undefined),
  };
}

const bigIntegerCodec: ColumnCodec = {
  allowed: 'a string of decimal digits without leading zeros, from -9223372036854775808 to 9223372036854775807',
  schema: { type: 'string', pattern: integerForm.source },
  fromJson: (value) => {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
    return typeof value === 'string' ? bigInteger(value) : undefined;
  },
  fromText: bigInteger,
  toJson: asText,
};

function bigInteger(text: string): string | undefined {
  if (!integerForm.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? text : undefined;
}

const decimalForm = /^-?(0|[1-9]\d*)(?:\.(\d+))?$/;

function decimalCodec({ precision, scale }: Column): ColumnCodec {
  const fraction = scale ?? 16_383;
  const whole = precision === null ? 131_072 : precision - (scale ?? 0);
  const bound = precision === null ? '' : `, at most ${Math.max(whole, 0)} digits before the point and ${Math.max(fraction, 0)} after it`;
  const fromText = (text: string): string | undefined => {
    const match = decimalForm.exec(text);
    if (match === null) return undefined;
    const [, before = '', after = ''] = match;
    return (before === '0' ? 0 : before.length) <= whole && after.length <= fraction ? text : undefined;
  };
  return {
    allowed: `a string of decimal digits${bound}`,
    schema: { type: 'string', pattern: decimalForm.source },
    answerSchema: { type: 'string' },
    fromJson: (value) => {
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return fromText(String(value));
      return typeof value === 'string' ? fromText(value) : undefined;
    },
    fromText,
    toJson: asText,
    readAs: 'every digit',
  };
}

function floatCodec(precision: 'single' | 'double', fits: (value: number) => boolean): ColumnCodec {
  const fromJson = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) && fits(value) ? value : undefined;
  return {
    allowed: `a number of ${precision} precision`,
    schema: { type: 'number' },
    answerSchema: { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] },
    fromJson,
    fromText: (text) => (/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text) ? fromJson(Number(text)) : undefined),
    // JSON has no NaN and no infinity: they are shown by name, as PostgreSQL's to_json does.
    toJson: (value) => (Number.isFinite(value) ? value : String(value)),
  };
}

const booleanCodec: ColumnCodec = {
  allowed: 'true or false',
  schema: { type: 'boolean' },
  fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

function textCodec({ maximumLength, allowed }: Column): ColumnCodec {
  if (allowed !== null)
    return stringCodec(`one of ${allowed.join(', ')}`, (text) => (allowed.includes(text) ? text : undefined), { enum: allowed });
  const bound = maximumLength === null ? '' : ` of at most ${maximumLength} characters`;
  const fits = (text: string): boolean =>
    maximumLength === null || text.length <= maximumLength || Array.from(text).length <= maximumLength;
  return stringCodec(
    `a string${bound}, without NUL and lone surrogates`,
    (text) => (isStorableText(text) && fits(text) ? text : undefined),
    maximumLength === null ? {} : { maxLength: maximumLength },
  );
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const uuidCodec: ColumnCodec = {
  ...stringCodec('a UUID of hexadecimal digits grouped 8-4-4-4-12', (text) => (uuidForm.test(text) ? text.toLowerCase() : undefined), {
    format: 'uuid',
  }),
  toJson: (value) => asText(value).toLowerCase(),
};

const bytesCodec: ColumnCodec = {
  ...stringCodec('base64 with its padding', bytesFromBase64, { contentEncoding: 'base64' }),
  toJson: (value) => {
    if (!(value instanceof Uint8Array)) throw new TypeError('The database gave no bytes for a column of bytes.');
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  },
};

/** Buffer.from skips what is not base64: only a text that comes out the same was base64. */
function bytesFromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

const jsonCodec: ColumnCodec = {
  allowed: 'any JSON without NUL and lone surrogates in its strings',
  schema: {},
  fromJson: (value) => (isStorableJson(value) ? JSON.stringify(value) : undefined),
  fromText: () => undefined,
};

function instantCodec(scale: number): ColumnCodec {
  return {
    ...stringCodec(
      `an ISO 8601 time with its zone, such as 2026-11-21T13:05:21Z, with at most ${scale} digits after the second`,
      (text) => instantToDatabase(text, scale),
      { format: 'date-time' },
    ),
    answerSchema: { type: 'string' },
    toJson: (value) => instantFromDatabase(asText(value)),
  };
}

function stringCodec(allowed: string, check: (text: string) => SqlValue | undefined, schema: JsonSchema): ColumnCodec {
  return {
    allowed,
    schema: { type: 'string', ...schema },
    fromJson: (value) => (typeof value === 'string' ? check(value) : undefined),
    fromText: check,
  };
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new TypeError('The database gave no text for a column that is read as text.');
}
