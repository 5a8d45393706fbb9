import type { Column } from './column.ts';
import { asText, type ColumnCodec } from './codec.ts';

const integerForm = /^(?:0|-?[1-9]\d{0,18})$/;

/** Whole numbers that JSON carries as numbers. */
export function integerCodec(least: number, most: number): ColumnCodec {
  const inRange = (value: number): boolean => value >= least && value <= most;
  return {
    allowed: `a whole number from ${least} to ${most}`,
    schema: { type: 'integer', minimum: least, maximum: most },
    fromJson: (value) => (Number.isInteger(value) && !Object.is(value, -0) && inRange(value as number) ? (value as number) : undefined),
    fromText: (text) => (integerForm.test(text) && inRange(Number(text)) ? Number(text) : undefined),
  };
}

/** Whole numbers of 64 bits, as text: JSON numbers would lose digits. */
export const bigIntegerCodec: ColumnCodec = {
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

/** Exact decimals, as text with every digit. */
export function decimalCodec({ precision, scale }: Column): ColumnCodec {
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

/** Numbers of binary precision; `fits` says whether one can be stored. */
export function floatCodec(precision: 'single' | 'double', fits: (value: number) => boolean): ColumnCodec {
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
