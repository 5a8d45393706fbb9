import type { ColumnKind } from '../../core/column-kind.ts';
import type { Column } from './column.ts';
import { isStorableJson } from './storable.ts';
import type { ColumnCodec } from './codec.ts';
import { bigIntegerCodec, decimalCodec, floatCodec, integerCodec } from './number-codecs.ts';
import { bytesCodec, textCodec, uuidCodec } from './text-codecs.ts';
import { dateCodec, instantCodec, timeCodec } from './time-codecs.ts';

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
  date: () => dateCodec,
  time: ({ scale }) => timeCodec(scale ?? 6),
  timestamp: ({ scale }) => ({ ...instantCodec(scale ?? 6), readAs: 'as it is' }),
  instant: ({ scale }) => ({ ...instantCodec(scale ?? 6), readAs: 'in UTC' }),
  json: () => jsonCodec,
};

const booleanCodec: ColumnCodec = {
  allowed: 'true or false',
  schema: { type: 'boolean' },
  fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

const jsonCodec: ColumnCodec = {
  allowed: 'any JSON without NUL and lone surrogates in its strings',
  schema: {},
  fromJson: (value) => (isStorableJson(value) ? JSON.stringify(value) : undefined),
  fromText: () => undefined,
};
